// How nodes tell each other that a feed moved. A hint only: the database is the truth, and a gap is fetched.
#pragma once

#include "model/ids.hpp"
#include "ports/journal.hpp"

#include <functional>

namespace chat {

class Bus {
 public:
  virtual ~Bus() = default;

  // Tells the other nodes of a commit made here. Any thread; never blocks; may be lost.
  virtual void publish(const Commit& commit) = 0;

  // From now on, or no longer, hints of this room are wanted here. Any thread.
  virtual void watch(RoomId room) = 0;
  virtual void unwatch(RoomId room) = 0;

  // What other nodes committed, for watched rooms; called on the bus's own thread, set once before the first watch.
  virtual void set_receiver(std::function<void(const Commit&)> receiver) = 0;
};

}  // namespace chat
