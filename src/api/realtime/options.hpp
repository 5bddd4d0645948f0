// What app may set of the realtime sessions.
#pragma once

#include "transport/websocket.hpp"

#include <chrono>
#include <cstddef>

namespace chat::api {

struct RealtimeOptions {
  // Of a WebSocket; its own pings are off, the protocol has some (and `frame_pings` are these, for ?cf_ws_frame_...).
  transport::WebSocketOptions websocket = {};
  std::chrono::milliseconds ping_interval{25'000};    // told to the client, who drops a server that is silent longer
  std::chrono::milliseconds pong_timeout{10'000};     // less than the interval; then 3012
  std::chrono::milliseconds connect_timeout{15'000};  // from the handshake to `connect`; then 3502
  std::chrono::seconds expiry_grace{25};              // after a token's end, for `refresh`; then 3005
  std::size_t channels = 128;                         // of one connection; more: error 106
  std::size_t channel_bytes = 255;                    // of a channel's name; longer: error 107
  std::size_t in_flight_commands = 128;               // not yet answered; beyond it, the connection is not read
  std::size_t message_bytes = 1 << 20;                // of a frame or of an emulated request; more: 1009, 413
  std::size_t recovery_events = 1000;                 // in one reply; who missed more pages through `history`
  std::size_t recovery_bytes = 512 * 1024;            // likewise; below the slow-reader limit
  std::size_t history_events = 500;                   // in one `history` reply
  std::size_t history_bytes = 512 * 1024;
  std::size_t presence_clients = 1000;       // a room with more has presence_stats only
  std::chrono::milliseconds goodbye{2'000};  // when the server stops: for the answers to what was said before
};

}  // namespace chat::api
