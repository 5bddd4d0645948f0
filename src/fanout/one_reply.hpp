// The way of one subscription to the live stream in a single reply: collects what was missed, from the ring when it
// reaches back far enough, else from the store until it does, and hands it over in the turn in which the cursor is
// set. The stream is live before the first read, so there is neither gap nor overlap. What is more than the caps is
// not recovered at all.
//
// Nothing is collected while the connection is above its low-water mark, and of a connection only one subscription
// holds a reply at a time: what many recoveries cost in memory is one of them and the connection's backlog.
//
// Home: the shard. Every step may end the subscription or this object.
#pragma once

#include "fanout/approach.hpp"
#include "fanout/recovery.hpp"
#include "fanout/replay.hpp"
#include "transport/timer_wheel.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace chat::fanout {

class Subscription;

class OneReply final : public Approach, private transport::TimerNode {
 public:
  OneReply(Subscription& subscription, ReplayReader& reader, const RecoverFrom& from);
  ~OneReply() override;

  void step() override;
  bool holds_reply() const noexcept override { return holds_reply_; }

 private:
  void on_timer() noexcept override;
  void read_store();
  void on_page(Result<MissedPage> page);
  bool add_from_ring();
  bool add(centrifuge::Publication publication);
  void finish(bool recovered);
  void refuse(const Error& error);

  Subscription& subscription_;
  ReplayReader& reader_;
  const RecoverFrom from_;
  Seq reached_;  // everything up to it is in publications_
  std::vector<centrifuge::Publication> publications_;
  std::size_t bytes_ = 0;
  bool confirmed_ = false;  // there is such a number as reached_
  bool reading_ = false;
  bool holds_reply_ = false;         // from the first read of the store on
  std::shared_ptr<OneReply*> self_;  // for answers that may come too late
};

}  // namespace chat::fanout
