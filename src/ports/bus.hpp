// How nodes tell each other that a feed moved. A hint only: the database is the truth, and a gap is fetched.
#pragma once

#include "model/feed.hpp"
#include "ports/journal.hpp"

#include <functional>

namespace chat {

class Bus {
 public:
  virtual ~Bus() = default;

  // Tells the other nodes of a commit made here. Any thread; never blocks; may be lost.
  virtual void publish(const Commit& commit) = 0;

  // From now on, or no longer, hints of this feed are wanted here. Any thread.
  virtual void watch(const FeedKey& feed) = 0;
  virtual void unwatch(const FeedKey& feed) = 0;

  // What other nodes committed, for watched feeds; called on the bus's own thread, set once before the first watch.
  virtual void set_receiver(std::function<void(const Commit&)> receiver) = 0;
};

}  // namespace chat
