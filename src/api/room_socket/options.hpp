// What app may set of the room sockets.
#pragma once

#include "transport/websocket.hpp"

#include <chrono>
#include <cstddef>

namespace chat::api {

struct RoomSocketOptions {
  transport::WebSocketOptions websocket = {};   // max_message_bytes is the frame's limit
  std::size_t max_content_bytes = 64 * 1024;    // of a message, decoded
  std::size_t in_flight_messages = 64;          // of one socket, not yet acknowledged; beyond it, it is not read
  std::size_t in_flight_bytes = 256 * 1024;     // of their contents
  std::size_t history_default = 50;             // messages shown to who joins without ?history=N
  std::size_t history_max = 1000;               // the most that N may be; over it: 422
  std::chrono::milliseconds journal_retry{20};  // while its queue is full
  std::chrono::milliseconds goodbye{2'000};     // when the server stops: for the answers to what was said before
};

}  // namespace chat::api
