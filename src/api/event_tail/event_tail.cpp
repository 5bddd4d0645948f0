#include "api/event_tail/event_tail.hpp"

#include "api/http/responses.hpp"
#include "fanout/shard.hpp"
#include "fanout/subscriber.hpp"
#include "fanout/subscription.hpp"
#include "telemetry/log.hpp"
#include "transport/timer_wheel.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace chat::api {

// One reader. Home: the shard of its connection; only `on_revoked` is called from elsewhere.
class EventTail final : public transport::ConnectionHandler,
                        public std::enable_shared_from_this<EventTail>,
                        public fanout::Subscriber,
                        public LiveSession,
                        private transport::TimerNode {
 public:
  EventTail(EventTails& tails, const Session& session, RoomId room, std::optional<Seq> member_as_of, Seq after,
            Uuid request_id)
      : tails_(tails),
        user_{session.principal.id, session.principal.name},
        room_(room),
        member_as_of_(member_as_of),
        after_(after),
        request_id_(request_id),
        expires_at_(session.expires_at) {}

  ~EventTail() override {
    tails_.live_.remove(*this);
    detach();
  }

  // ConnectionHandler
  void on_open(transport::Connection& connection) override {
    opened_at_ = tails_.clock_.steady();
    fanout::Shard& home = *tails_.fan_out_.shard_of(connection.loop());
    attach(home, connection);
    home_.store(&home);
    if (revoked_.load()) return end();
    connection.send_frame("3\r\n:\n\n\r\n");  // a comment: readers and proxies see at once that it has begun
    rest();
    if (!connection.is_open()) return;
    const fanout::Place place{FeedKey::room(room_), fanout::WireFormat::events_sse, fanout::Audience::events,
                              member_as_of_};
    home.subscribe(subscription_, place, fanout::ReplayStart{fanout::ReplayStart::Kind::after, after_, 0});
  }
  void on_writable() override { Subscriber::on_writable(); }
  void on_overflow(transport::Connection& connection) override { connection.fail_slow(kTooSlow, "reads too slowly"); }
  void on_close(const transport::CloseInfo& info) override {
    tails_.live_.remove(*this);
    cancel();
    detach();
    log_info("event_tail_closed", {{"request_id", request_id_.str()},
                                   {"user_id", user_.user.str()},
                                   {"room_id", room_.str()},
                                   {"reason", info.reason},
                                   {"by_peer", info.by_peer},
                                   {"open", tails_.clock_.steady() - opened_at_}});
  }

 private:
  static constexpr std::uint16_t kTooSlow = 1013, kOver = 1000;

  // Subscriber. Whoever comes back with the last id learns how things stand.
  UserId user() const override { return user_.user; }
  fanout::Entrant entrant() const override { return user_; }
  void on_removed(fanout::Subscription&) override { end(); }
  void on_feed_gone(fanout::Subscription&) override { end(); }
  void on_position_lost(fanout::Subscription&) override { end(); }
  void on_state_invalidated() override { end(); }
  void on_slow(std::string_view reason) override { socket()->fail_slow(kTooSlow, reason); }

  void on_revoked() noexcept override {
    revoked_.store(true);
    fanout::Shard* home = home_.load();
    if (!home) return;
    home->loop().post([weak = weak_from_this()] {
      if (const auto tail = weak.lock()) tail->end();
    });
  }

  void end() {
    if (auto* connection = socket()) connection->close(kOver);
  }

  // Until the next comment, or the token's end.
  void rest() {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(expires_at_ - tails_.clock_.now());
    if (left.count() <= 0) return end();
    shard()->loop().schedule(*this, std::min(left, tails_.options_.comment_interval));
  }
  void on_timer() noexcept override {
    send("3\r\n:\n\n\r\n");
    rest();
  }

  EventTails& tails_;
  fanout::Subscription subscription_{*this};
  const fanout::Entrant user_;
  const RoomId room_;
  const std::optional<Seq> member_as_of_;
  const Seq after_;
  const Uuid request_id_;
  const Timestamp expires_at_;
  std::chrono::steady_clock::time_point opened_at_;
  std::atomic<fanout::Shard*> home_{nullptr};  // set when open
  std::atomic<bool> revoked_{false};
};

boost::asio::awaitable<transport::HttpResponse> EventTails::open(RoomId room, Seq after, Session session,
                                                                 Uuid request_id) {
  const auto access = co_await rooms_.enter(room, session.principal.id);
  if (!access) {
    // Whoever may not enter a room is not told that it is there.
    Error error = access.error();
    if (error.code == Errc::forbidden) error.code = Errc::room_not_found;
    const std::string subject = room.str();
    co_return error_answer(error, subject);
  }
  std::optional<Seq> member_as_of;
  if (access->room.kind != RoomKind::public_room) member_as_of = access->room.last_seq;
  auto tail = std::make_shared<EventTail>(*this, session, room, member_as_of, after, request_id);
  if (!live_.add(*tail, session.principal.id, session.token_version)) {
    const Error limit(Errc::rate_limited, "too many open sockets");
    co_return error_answer(limit, {});
  }
  transport::HttpResponse response;
  response.content_type = "text/event-stream";
  response.header("Cache-Control", "no-cache").header("X-Accel-Buffering", "no");
  response.stream = std::move(tail);
  response.stream_options = &options_.connection;
  co_return response;
}

}  // namespace chat::api
