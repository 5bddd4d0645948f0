// The way of one subscription to the live stream: the catch-up loop (catch_up.hpp) or the one-reply recovery
// (one_reply.hpp).
//
// Home: the shard. Every step may end the subscription, and with it this object.
#pragma once

#include "model/ids.hpp"

#include <optional>

namespace chat::fanout {

class Approach {
 public:
  virtual ~Approach() = default;

  // Goes on if it can. Called when the stream is live and has advanced, and when the connection is writable again;
  // never inside a call of the connection's owner.
  virtual void step() = 0;

  // Does it hold memory for a reply that cannot be sent yet?
  virtual bool holds_reply() const noexcept { return false; }

  // See Place; until it has been looked at.
  std::optional<Seq> member_as_of;

  // The stream's newest number when the subscription came, or when the stream went live, if that was later: what is
  // behind it is news, however long it takes to get there.
  Seq entered_at;
};

}  // namespace chat::fanout
