#include "api/realtime/session.hpp"

#include "api/realtime/emulation.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>
#include <variant>

namespace chat::api {
namespace {

using namespace centrifuge;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Of a frame before `connect` has been answered: a token, and a subscribe for every channel there may be. What nobody
// has answered for yet must not fill the memory.
std::size_t strangers_bytes(const RealtimeOptions& options) {
  return std::min(64 * 1024 + 512 * options.channels, options.message_bytes);
}

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

// What an SDK may have sent before it had the answer to `connect`: while it waits, the JavaScript one subscribes and
// leaves as the app wants it, and says nothing else.
bool is_said_while_connecting(const Command& command) {
  return std::holds_alternative<SubscribeRequest>(command.method) ||
         std::holds_alternative<UnsubscribeRequest>(command.method);
}

// Spreads the first pings of clients that came back together.
milliseconds half_to_whole(milliseconds interval) {
  thread_local std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<milliseconds::rep> in_half(interval.count() / 2, interval.count());
  return milliseconds(in_half(random));
}

}  // namespace

RealtimeSession::RealtimeSession(const RealtimeOptions& options, const Clock& clock, const Wire& wire)
    : options_(options), clock_(clock), wire_(wire) {}

struct RealtimeSession::Emulation {
  EmulatedSessions& sessions;
  std::string first_commands;
  std::string secret = {};  // once it is open
};

RealtimeSession::~RealtimeSession() {
  if (emulation_) emulation_->sessions.remove(emulation_->secret);
}

// --- the connection ---

void RealtimeSession::emulate(EmulatedSessions& sessions, std::string first_commands) {
  emulation_ = std::make_unique<Emulation>(Emulation{sessions, std::move(first_commands)});
}

void RealtimeSession::on_open(transport::Connection& socket) {
  socket_ = &socket;
  socket.limit_messages(strangers_bytes(options_));
  next_step_ = clock_.steady() + options_.connect_timeout;
  schedule();
  opened();
  if (!emulation_ || !alive()) return;
  emulation_->secret = emulation_->sessions.add(weak_from_this(), socket.loop());
  if (wire_.framing == Framing::sse) write("2\r\n\r\n\r\n");  // a chunk with an empty line: proxies let the head pass
  on_commands(std::exchange(emulation_->first_commands, {}));
}

void RealtimeSession::on_text(std::string_view message) {
  if (wire_.encoding != Encoding::json) return violation("a text frame on a Protobuf connection");
  on_commands(message);
}

void RealtimeSession::on_binary(std::string_view message) {
  if (wire_.encoding != Encoding::protobuf) return violation("a binary frame on a JSON connection");
  on_commands(message);
}

void RealtimeSession::on_overflow(transport::Connection& socket) {
  const auto& why = row_of(CloseCode::slow);
  socket.fail_slow(static_cast<std::uint16_t>(why.code), why.reason);
}

// Who has asked something gets its answer before the goodbye, if it comes in time.
void RealtimeSession::on_shutdown(transport::Connection&) {
  leaving_ = true;
  read_on();
  if (in_flight_ == 0) return close(CloseCode::shutdown);
  next_step_ = clock_.steady() + options_.goodbye;
  schedule();
}

void RealtimeSession::on_close(const transport::CloseInfo& info) {
  state_ = State::closed;
  cancel();
  rest_ = {};
  if (emulation_) emulation_->sessions.remove(emulation_->secret);
  ended(info);
  socket_ = nullptr;
}

void RealtimeSession::close(CloseCode why, std::string_view reason) {
  if (state_ == State::closed) return;
  if (reason.empty()) reason = row_of(why).reason;
  if (emulation_) push({}, DisconnectPush(why, std::string(reason)));  // HTTP has no close codes
  state_ = State::closed;
  cancel();
  if (socket_) socket_->close(static_cast<std::uint16_t>(why), reason);
}

void RealtimeSession::violation(std::string_view what) {
  log_info("realtime_violation", {{"request_id", log_name()}, {"what", what}});
  close(CloseCode::bad_request);
}

// --- time ---

void RealtimeSession::expire_at(Timestamp when) {
  expires_at_ = when;
  schedule();
}

std::uint32_t RealtimeSession::seconds_left(Timestamp when) const {
  const auto left = when - clock_.now();
  const auto early = std::min<Timestamp::duration>(left / 10, std::chrono::seconds(10));
  const auto told = std::chrono::floor<std::chrono::seconds>(left - early).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(told, 1, std::numeric_limits<std::int32_t>::max()));
}

// One timer serves liveness and the token's end. The wall clock may be set: it is looked at again with every ping.
void RealtimeSession::schedule() {
  if (state_ == State::closed || !socket_) return;
  auto delay = std::chrono::ceil<milliseconds>(next_step_ - clock_.steady());
  if (expires_at_ != Timestamp::max() && state_ == State::connected) {
    delay = std::min(delay, std::chrono::ceil<milliseconds>(expires_at_ + options_.expiry_grace - clock_.now()));
  }
  socket_->loop().schedule(*this, std::max(delay, milliseconds(1)));
}

void RealtimeSession::on_timer() noexcept {
  const auto now = clock_.steady();
  if (leaving_ && now >= next_step_) return close(CloseCode::shutdown);
  if (state_ != State::connected) {
    if (now >= next_step_) return close(CloseCode::stale);
    return schedule();
  }
  if (expires_at_ != Timestamp::max() && clock_.now() >= expires_at_ + options_.expiry_grace) {
    return close(CloseCode::connection_expired);
  }
  if (now >= next_step_ && !leaving_) {
    if (awaiting_pong_ && may_start() && rest_.empty()) return close(CloseCode::no_pong);
    if (awaiting_pong_) {
      next_step_ = now + options_.pong_timeout;  // it may stand behind what waits: nothing is read
    } else if (ping_sent_) {
      ping_sent_ = false;
      next_step_ = now + (options_.ping_interval - options_.pong_timeout);
    } else if (wire_.frame_pings) {
      next_step_ = now + options_.ping_interval;
    } else {
      std::string ping;
      append_ping(ping, wire_.encoding);
      write_object(ping);
      ping_sent_ = awaiting_pong_ = true;
      next_step_ = now + options_.pong_timeout;
    }
  }
  schedule();
}

// --- commands ---

bool RealtimeSession::may_start() const noexcept {
  return !leaving_ && state_ != State::connecting && in_flight_ < options_.in_flight_commands;
}

void RealtimeSession::on_commands(std::string_view frame) {
  if (state_ == State::closed || leaving_) return;
  if (rest_.empty()) return run(frame);
  // Only an emulated connection comes here: its requests cannot be held back.
  if (rest_.size() + frame.size() > options_.message_bytes) return close(CloseCode::too_many_requests);
  if (wire_.encoding == Encoding::json && !rest_.ends_with('\n')) rest_ += '\n';
  rest_ += frame;
}

void RealtimeSession::run(std::string_view frame) {
  const auto self = shared_from_this();  // a command may end the connection
  running_ = true;
  CommandReader reader(wire_.encoding, frame);
  try {
    start_some(reader);
  } catch (const std::exception& e) {  // out of memory: one connection ends, not the process
    log_error("realtime_command_failed", {{"what", e.what()}});
    close(CloseCode::internal_error);
  }
  running_ = false;
  if (!alive()) return;
  // What stood behind a connect that was refused is dropped, whatever it is: it was said before the answer.
  rest_ = state_ == State::refused ? std::string_view() : reader.rest();
  go_on();
}

// No more than that in one turn, whatever is answered at once: others have their turn, and answers leave meanwhile.
void RealtimeSession::start_some(CommandReader& reader) {
  const bool refused_before = state_ == State::refused;
  for (std::uint32_t i = 0; i < options_.in_flight_commands && alive() && may_start(); ++i) {
    if (state_ == State::refused && !refused_before) break;
    auto command = reader.next();
    if (!command) break;
    if (!*command) return violation(command->error().message);
    start(std::move(**command));
  }
}

// Reads on, or stops reading, as things stand.
void RealtimeSession::read_on() {
  if (!socket_) return;
  const bool wanted = rest_.empty() && may_start();
  if (wanted == !socket_->reading_paused()) return;
  if (wanted) {
    socket_->resume_reading();
  } else {
    socket_->pause_reading();
  }
}

void RealtimeSession::go_on() {
  if (running_ || !alive()) return;
  if (has_startable()) return go_on_later();
  read_on();
}

void RealtimeSession::go_on_later() {
  if (!socket_) return;
  socket_->pause_reading();
  if (std::exchange(going_on_, true)) return;
  socket_->loop().post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->going_on_ = false;
    if (!self->alive() || !self->has_startable()) return;
    const std::string frame = std::exchange(self->rest_, {});
    self->run(frame);
  });
}

void RealtimeSession::start(Command&& command) {
  if (state_ == State::refused && is_said_while_connecting(command)) return;
  if (command.is_pong()) {
    if (state_ != State::connected) return violation("a pong before connect");
    awaiting_pong_ = false;
    return;
  }
  if (auto* first = std::get_if<ConnectRequest>(&command.method)) {
    if (state_ != State::fresh) return violation("a second connect");
    if (command.id == 0) return violation("a command without an id");
    state_ = State::connecting;
    ++in_flight_;
    return connect(command.id, std::move(*first));
  }
  if (state_ != State::connected) return violation("a command without a connect before it");
  if (std::holds_alternative<SendRequest>(command.method)) return close(CloseCode::not_available);
  if (command.id == 0) return violation("a command without an id");
  dispatch(command.id, std::move(command));
}

void RealtimeSession::dispatch(CommandId id, Command&& command) {
  // Whoever is told an error when he leaves comes back with a new connection, so there is none.
  const bool leaves = std::holds_alternative<UnsubscribeRequest>(command.method);
  const auto in_channel = [&](auto&& request, auto handle) {
    if (request.channel.empty()) return violation("a command without its channel");
    if (request.channel.size() > options_.channel_bytes && !leaves) {
      return refuse(id, ErrorObject(ErrorCode::bad_request, "the channel's name is too long"));
    }
    (this->*handle)(id, std::move(request));
  };
  ++in_flight_;
  std::visit(Overloaded{
                 [&](SubscribeRequest& request) { in_channel(request, &RealtimeSession::subscribe); },
                 [&](UnsubscribeRequest& request) { in_channel(request, &RealtimeSession::unsubscribe); },
                 [&](PublishRequest& request) { in_channel(request, &RealtimeSession::publish); },
                 [&](HistoryRequest& request) { in_channel(request, &RealtimeSession::history); },
                 [&](PresenceRequest& request) { in_channel(request, &RealtimeSession::presence); },
                 [&](PresenceStatsRequest& request) { in_channel(request, &RealtimeSession::presence_stats); },
                 [&](SubRefreshRequest& request) { in_channel(request, &RealtimeSession::sub_refresh); },
                 [&](RpcRequest& request) { rpc(id, std::move(request)); },
                 [&](RefreshRequest& request) { refresh(id, std::move(request)); },
                 [&](PingRequest&) { refuse(id, ErrorCode::not_available); },
                 [&](std::monostate&) { violation("no known method"); },
                 [](ConnectRequest&) {},
                 [](SendRequest&) {},
             },
             command.method);
}

// --- answers ---

void RealtimeSession::refuse(CommandId id, const ErrorObject& error) {
  std::string object;
  append_error(object, wire_.encoding, id, error);
  answer(object);
}

void RealtimeSession::connected(CommandId id, ConnectResult result) {
  if (!alive()) return;
  state_ = State::connected;
  if (socket_) socket_->limit_messages(options_.message_bytes);
  result.version = kRealtimeVersion;
  if (!wire_.frame_pings) {
    result.ping = static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(options_.ping_interval).count());
    result.pong = true;
  }
  next_step_ = clock_.steady() + half_to_whole(options_.ping_interval);
  schedule();
  if (emulation_) {
    result.session = emulation_->secret;
    result.node = emulation_->sessions.node();
  }
  reply(id, result);
}

void RealtimeSession::refuse_connect(CommandId id, const ErrorObject& error) {
  if (!alive()) return;
  state_ = State::refused;
  rest_.clear();  // in good faith: it was sent before the answer
  refuse(id, error);
}

void RealtimeSession::answer(std::string_view object) {
  if (in_flight_ > 0) --in_flight_;
  if (!alive()) return;
  write_object(object);
  if (leaving_ && in_flight_ == 0) return close(CloseCode::shutdown);
  go_on();
}

void RealtimeSession::write_object(std::string_view object) {
  if (!alive() || !socket_) return;
  std::string frame;
  append_framed(frame, wire_.encoding, wire_.framing, object);
  write(frame);
}

}  // namespace chat::api
