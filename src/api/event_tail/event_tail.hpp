// The tail of a room's log over HTTP: server-sent events (WHATWG HTML, 9.2) that begin behind a number and go on as
// things happen, for `curl -N` and for EventSource. `id:` is the event's number, so a reader that comes back sends it
// as Last-Event-ID by itself.
#pragma once

#include "base/time.hpp"
#include "chat/live_sessions.hpp"
#include "chat/rooms.hpp"
#include "chat/sessions.hpp"
#include "fanout/fanout.hpp"
#include "transport/connection.hpp"
#include "transport/http_types.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace chat::api {

struct EventTailOptions {
  transport::ConnectionOptions connection = {};
  std::chrono::milliseconds comment_interval{25'000};  // of silence, after which a comment keeps proxies awake
};

// Thread-safe. Outlives every tail.
class EventTails {
 public:
  // All referenced objects outlive this one.
  EventTails(fanout::FanOut& fan_out, LiveSessions& live, Rooms& rooms, const Clock& clock, EventTailOptions options)
      : fan_out_(fan_out), live_(live), rooms_(rooms), clock_(clock), options_(options) {}

  // The answer to a request of the tail: a stream, or what refuses it (404, 429, 503).
  boost::asio::awaitable<transport::HttpResponse> open(RoomId room, Seq after, Session session, Uuid request_id);

 private:
  friend class EventTail;

  fanout::FanOut& fan_out_;
  LiveSessions& live_;
  Rooms& rooms_;
  const Clock& clock_;
  const EventTailOptions options_;
};

}  // namespace chat::api
