// The way of one subscription from a number in the past into the live stream: a loop, not a buffer.
//
// Read a page (from the ring when it reaches back far enough, else from the store), send it, wait until the connection
// is below its low-water mark, repeat; in the turn in which nothing is left the cursor is set. The stream is live
// before the first read, so there is neither gap nor overlap. It has its own budget: a page in memory, and
// `catch_up_stall` for the peer to read it.
//
// Home: the shard. Every step may end the subscription or this object.
#pragma once

#include "fanout/approach.hpp"
#include "fanout/replay.hpp"
#include "transport/timer_wheel.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace chat::fanout {

class Subscription;

class CatchUp final : public Approach, private transport::TimerNode {
 public:
  // What the stream holds from `notices_from` on came after the subscriber.
  CatchUp(Subscription& subscription, ReplayReader& reader, const ReplayStart& start, std::uint64_t notices_from);
  ~CatchUp() override;

  void step() override;

 private:
  void on_timer() noexcept override;
  void resolve_start();
  void tell_beginning();
  void read_store();
  void on_page(const Result<ReplayPage>& page);
  Seq send_page(const ReplayPage& page);
  bool send_from_ring();
  void wait_for_peer();

  Subscription& subscription_;
  ReplayReader& reader_;
  ReplayStart start_;
  bool resolved_ = false;   // start_ says after which number
  bool confirmed_ = false;  // that number exists
  bool told_ = false;       // on_replay_begins was called
  bool reading_ = false;
  bool retrying_ = false;
  std::uint64_t notices_from_;
  std::shared_ptr<CatchUp*> self_;  // for answers that may come too late
};

}  // namespace chat::fanout
