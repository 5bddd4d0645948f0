// One room socket: a user in a room over the plain protocol of api-v1 ("Room socket").
//
// Home: the shard of its connection; only `on_revoked` is called from elsewhere. Over its rate, or while too much of
// what it said is not yet stored, it is simply not read: nothing is refused or dropped, and order is kept.
#pragma once

#include "api/room_socket/room_sockets.hpp"
#include "chat/live_sessions.hpp"
#include "chat/sessions.hpp"
#include "fanout/shard.hpp"
#include "fanout/subscriber.hpp"
#include "fanout/subscription.hpp"
#include "protocol/room_frames.hpp"
#include "transport/timer_wheel.hpp"
#include "transport/websocket.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chat::api {

class RoomSocket final : public transport::WebSocketHandler,
                         public fanout::Subscriber,
                         public LiveSession,
                         private transport::TimerNode {
 public:
  struct Entry {
    RoomId room;
    fanout::Audience audience = fanout::Audience::messages;
    fanout::ReplayStart start;
    std::optional<Seq> member_as_of;  // see fanout::Place
  };

  RoomSocket(RoomSockets& sockets, const Session& session, const Entry& entry, const Uuid& request_id);
  ~RoomSocket() override;

  // WebSocketHandler
  void on_open(transport::Connection& socket) override;
  void on_text(std::string_view message) override;
  void on_binary(std::string_view message) override;
  void on_writable() override;
  void on_overflow(transport::Connection& socket) override;
  void on_shutdown(transport::Connection& socket) override;
  void on_close(const transport::CloseInfo& info) override;

  // The journal's answer, unless the message was stored now (then it comes by in the room's stream).
  void on_answer(MessageId message, const Result<Stored>& answer);

 private:
  struct Waiting;

  UserId user() const override { return user_.user; }
  fanout::Entrant entrant() const override { return user_; }
  void on_own_settled() override;
  void on_replay_begins(fanout::Subscription&) override;
  void on_revoked() noexcept override;
  void on_timer() noexcept override;

  bool owed_answers() const noexcept;
  void close_when_settled();
  void send_error(std::string_view sentence);
  void close(std::uint16_t code, std::string_view reason);
  void expire_later();
  void take(protocol::ClientFrame frame);
  bool too_much_in_flight() const noexcept;
  std::chrono::milliseconds charge();
  bool append(const AppendMessage& message);
  void wait(std::chrono::milliseconds delay, std::unique_ptr<AppendMessage> held, bool unpaid);
  void go_on();
  void read_on();

  RoomSockets& sockets_;
  fanout::Subscription subscription_{*this};
  const fanout::Entrant user_;
  const RoomId room_;
  const Uuid request_id_;  // of the handshake
  const Timestamp expires_at_;
  std::chrono::steady_clock::time_point opened_at_;
  std::unique_ptr<const Entry> entry_;        // until it is open
  std::unique_ptr<Waiting> waiting_;          // while it is not read for its rate or the journal's sake
  std::atomic<std::uint64_t> connection_{0};  // set when open
  std::atomic<bool> revoked_{false};
  std::uint32_t messages_ = 0;
  bool begun_ = false;    // where the replay begins is settled; it is not read before
  bool full_ = false;     // not read because too much is in flight
  bool leaving_ = false;  // the server stops: not read any more, and closed when what it said is answered
};

}  // namespace chat::api
