// One client of the Centrifuge client protocol (v2), whatever it is allowed to do: commands in, replies and pushes out,
// liveness, expiry, closing. What the commands mean is decided by who derives from it (commands.hpp).
//
// Home: the loop of its connection; every call and every virtual call happens there. Held by the connection, and by
// what is under way for it; an answer that comes after its end is dropped.
//
// Commands are started in the order in which they came. None is started before `connect` has been answered, nor while
// `in_flight_commands` are unanswered: the connection is not read meanwhile, so nothing piles up here. An answer never
// starts what waited for it: that happens in a turn of its own, so whoever answers need not fear for what it holds.
#pragma once

#include "api/realtime/commands.hpp"
#include "api/realtime/options.hpp"
#include "base/time.hpp"
#include "protocol/centrifuge_codec.hpp"
#include "transport/timer_wheel.hpp"
#include "transport/websocket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace chat::api {

class EmulatedSessions;

inline constexpr std::string_view kRealtimeVersion = "chatd 1.0";  // `version` of connect and refresh results

class RealtimeSession : public transport::WebSocketHandler,
                        public std::enable_shared_from_this<RealtimeSession>,
                        protected RealtimeCommands,
                        private transport::TimerNode {
 public:
  using RealtimeCommands::CommandId;

  struct Wire {
    centrifuge::Encoding encoding = centrifuge::Encoding::json;
    centrifuge::Framing framing = centrifuge::Framing::websocket;
    bool frame_pings = false;  // WebSocket pings instead of the protocol's: a debugging tool asked for them
  };

  RealtimeSession(const RealtimeOptions& options, const Clock& clock, const Wire& wire);
  ~RealtimeSession() override;

  // Before it is opened, of all that are no WebSockets: replies go over an HTTP answer that does not end, commands come
  // one by one (emulation.hpp), the first ones with the request. `sessions` outlives it.
  void emulate(EmulatedSessions& sessions, std::string first_commands);

  // One or more commands, as they came in one frame (or in one request of an emulated connection).
  void on_commands(std::string_view frame);

  // WebSocketHandler
  void on_open(transport::Connection& socket) override;
  void on_text(std::string_view message) override;
  void on_binary(std::string_view message) override;
  void on_overflow(transport::Connection& socket) override;
  void on_shutdown(transport::Connection& socket) override;
  void on_close(const transport::CloseInfo& info) override;

 protected:
  // --- for whoever carries the commands out (RealtimeCommands) ---
  // The connection is there, and its first frame comes later.
  virtual void opened() = 0;
  // It is over, in whatever way. Nothing is sent any more.
  virtual void ended(const transport::CloseInfo& info) = 0;
  // What the log calls the connection: its handshake's request_id.
  virtual std::string log_name() const = 0;
  // Bytes for the peer, behind all that it is owed.
  virtual void write(std::string_view frame) = 0;

  // --- answers ---
  template <class Result>
  void reply(CommandId id, const Result& result) {
    std::string object;
    centrifuge::append_reply(object, wire_.encoding, id, result);
    answer(object);
  }
  void refuse(CommandId id, const centrifuge::ErrorObject& error);
  // The answer to `connect`: the ping settings are filled in, and from now on other commands are started.
  void connected(CommandId id, centrifuge::ConnectResult result);
  // After it the session is dead. A subscribe or an unsubscribe may have been under way, and is dropped; any other
  // command is a violation.
  void refuse_connect(CommandId id, const centrifuge::ErrorObject& error);
  template <class Push>
  void push(std::string_view channel, const Push& push) {
    std::string object;
    centrifuge::append_push(object, wire_.encoding, channel, push);
    write_object(object);
  }

  // Says why, and ends the connection. Harmless when it is over.
  void close(centrifuge::CloseCode why, std::string_view reason = {});

  // The token is good until then: `expiry_grace` later the connection ends, unless this is called again.
  void expire_at(Timestamp when);
  // For `ttl`: when the client is to fetch its next token, in seconds, at least 1. A tenth of the rest before the end,
  // 10 s at most: it is the present token that gets it the next one, and that takes a round trip.
  std::uint32_t seconds_left(Timestamp when) const;

  bool alive() const noexcept { return state_ != State::closed; }
  bool is_connected() const noexcept { return state_ == State::connected; }
  const Wire& wire() const noexcept { return wire_; }
  const RealtimeOptions& options() const noexcept { return options_; }
  const Clock& clock() const noexcept { return clock_; }
  transport::Connection* socket() const noexcept { return socket_; }

 private:
  struct Emulation;

  enum class State : std::uint8_t {
    fresh,       // nothing but `connect` is legal
    connecting,  // its answer is awaited: what comes behind it waits
    connected,
    refused,  // `connect` was answered by an error: nothing is carried out
    closed,
  };

  void on_timer() noexcept override;
  void schedule();
  bool may_start() const noexcept;
  void read_on();
  void run(std::string_view frame);
  void start_some(centrifuge::CommandReader& reader);
  bool has_startable() const noexcept { return !rest_.empty() && may_start(); }
  void go_on();
  void go_on_later();
  void start(centrifuge::Command&& command);
  void dispatch(CommandId id, centrifuge::Command&& command);
  void answer(std::string_view object);
  void write_object(std::string_view object);
  void violation(std::string_view what);

  const RealtimeOptions& options_;
  const Clock& clock_;
  transport::Connection* socket_ = nullptr;
  std::unique_ptr<Emulation> emulation_;  // null: a WebSocket
  std::string rest_;                      // commands that came and are not yet started
  Timestamp expires_at_ = Timestamp::max();
  std::chrono::steady_clock::time_point next_step_;  // of liveness: a ping, or the pong's last moment
  std::uint32_t in_flight_ = 0;
  const Wire wire_;
  State state_ = State::fresh;
  bool ping_sent_ = false;  // within the last pong_timeout
  bool awaiting_pong_ = false;
  bool running_ = false;
  bool going_on_ = false;  // a turn is asked for that starts what waits
  bool leaving_ = false;   // the server stops: nothing new is started, and the end comes when all is answered
};

}  // namespace chat::api
