// What app may set of the fan-out.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace chat::fanout {

struct FanOutOptions {
  std::string epoch = "1";              // the database's, to begin with
  std::size_t ring_bytes = 256 * 1024;  // of a feed's recent frames kept for resuming, on each shard and wire format
  std::size_t shard_bytes = 64 << 20;   // of all chunks of a shard; beyond it the oldest goes, and who still owes it
  std::size_t flush_slice = 256;        // connections flushed before other work gets a turn
  std::size_t page_bytes = 64 * 1024;   // of a catch-up page
  std::size_t page_events = 500;
  std::size_t held_events = 1024;                    // that came above a gap, for each room; more are fetched later
  std::size_t join_notice_max_sockets = 200;         // in a room with more, coming and going is not announced
  std::chrono::milliseconds gap_grace{5};            // for the bus to bring what is missing, before it is fetched
  std::chrono::milliseconds retry_delay{1000};       // after a read of the store failed
  std::chrono::milliseconds room_linger{10'000};     // a stream is kept for so long after its last subscription here
  std::chrono::milliseconds recovery_wait{4'000};    // for a recovery to succeed, before it is refused
  std::chrono::milliseconds catch_up_stall{60'000};  // a page of history that is not read within it ends the socket
};

}  // namespace chat::fanout
