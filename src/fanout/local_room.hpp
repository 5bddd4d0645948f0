// A room as one shard's sockets see it: its streams, one for each wire format, and those who wait for them.
//
// Home: the shard. Kept for `room_linger` after its last socket, so that a reconnecting one finds the ring.
#pragma once

#include "fanout/room_channel.hpp"
#include "fanout/shard.hpp"
#include "transport/timer_wheel.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace chat::fanout {

struct LocalRoom final : transport::TimerNode {
  struct Arrival {
    Subscription* subscription;
    ReplayStart start;
  };
  struct Stream {
    std::unique_ptr<RoomChannel> channel;  // made when the first subscription needs it
    std::size_t subscriptions = 0;
  };

  LocalRoom(Shard& owner, RoomId room, std::uint64_t number) : shard(owner), id(room), generation(number) {}

  Stream& stream(protocol::RoomAudience audience) { return streams[static_cast<std::size_t>(audience)]; }
  bool empty() const noexcept { return streams[0].subscriptions + streams[1].subscriptions == 0; }

  Shard& shard;
  const RoomId id;
  const std::uint64_t generation;  // told apart from an earlier stay of this room here
  bool live = false;               // the home has said where the stream begins
  Seq last_seq;                    // of the stream, shown or not
  std::array<Stream, 2> streams;
  std::vector<Arrival> arrivals;  // until it is live

 private:
  void on_timer() noexcept override { shard.linger_over(*this); }
};

}  // namespace chat::fanout
