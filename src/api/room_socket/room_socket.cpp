#include "api/room_socket/room_socket.hpp"

#include "api/error_map.hpp"
#include "telemetry/log.hpp"

#include <cassert>
#include <utility>

namespace chat::api {
namespace {

namespace close_code = transport::close_code;

constexpr std::string_view kRestart = "the server restarts: connect again";

}  // namespace

// A socket that is not read until a moment has come, and what it had said before.
struct RoomSocket::Waiting {
  explicit Waiting(transport::EventLoop& loop) : timer(loop.context()) {}

  boost::asio::steady_timer timer;
  std::unique_ptr<AppendMessage> held;  // over the rate, or the journal had no room for it
  bool unpaid = false;                  // its share of the rate is still to be taken
};

RoomSocket::RoomSocket(RoomSockets& sockets, const Session& session, const Entry& entry, const Uuid& request_id)
    : sockets_(sockets),
      user_{session.principal.id, session.principal.name},
      room_(entry.room),
      request_id_(request_id),
      expires_at_(session.expires_at),
      entry_(std::make_unique<const Entry>(entry)) {}

RoomSocket::~RoomSocket() {
  sockets_.live_.remove(*this);
  detach();
}

// --- opening and ending ---

void RoomSocket::on_open(transport::Connection& socket) {
  opened_at_ = sockets_.clock_.steady();
  fanout::Shard* shard = sockets_.fan_out_.shard_of(socket.loop());
  assert(shard);
  attach(*shard, socket);
  connection_.store(origin().connection);
  if (revoked_.load()) return close(close_code::policy_violation, "the user may no longer be connected");
  expire_later();
  if (!socket.is_open()) return;
  read_on();
  const auto entry = std::move(entry_);
  const fanout::Place place{FeedKey::room(room_), fanout::WireFormat::room, entry->audience, entry->member_as_of};
  shard->subscribe(subscription_, place, entry->start);
}

void RoomSocket::on_close(const transport::CloseInfo& info) {
  sockets_.live_.remove(*this);
  cancel();
  waiting_.reset();
  detach();
  log_info("room_socket_closed", {{"request_id", request_id_.str()},
                                  {"user_id", user_.user.str()},
                                  {"room_id", room_.str()},
                                  {"code", info.code},
                                  {"by_peer", info.by_peer},
                                  {"messages", messages_},
                                  {"open", sockets_.clock_.steady() - opened_at_}});
}

void RoomSocket::on_writable() { Subscriber::on_writable(); }

void RoomSocket::on_overflow(transport::Connection&) { fail_slow("reads too slowly"); }

// Whoever has said something gets its answer before the goodbye, if the journal gives it in time: a client that is cut
// off before would not know what was stored.
void RoomSocket::on_shutdown(transport::Connection&) {
  leaving_ = true;
  if (!owed_answers()) return close(close_code::service_restart, kRestart);
  read_on();
  shard()->loop().schedule(*this, sockets_.options_.goodbye);
}

bool RoomSocket::owed_answers() const noexcept { return waiting_ || subscription_.in_flight() != 0; }

// Posted: the last acknowledgement is about to take its place in the stream.
void RoomSocket::close_when_settled() {
  if (!leaving_ || owed_answers() || !shard()) return;
  shard()->loop().post([home = shard(), connection = origin().connection] {
    if (auto* subscriber = home->find_connection(connection))
      static_cast<RoomSocket*>(subscriber)->close(close_code::service_restart, kRestart);
  });
}

void RoomSocket::close(std::uint16_t code, std::string_view reason) {
  if (auto* open = socket()) open->close(code, reason);
}

void RoomSocket::send_error(std::string_view sentence) {
  std::string frame;
  protocol::append_error_frame(frame, sentence);
  send(frame);
}

// --- who may stay ---

// By the wall clock, which may be set meanwhile: looked at again at least once an hour.
void RoomSocket::expire_later() {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(expires_at_ - sockets_.clock_.now());
  if (left.count() <= 0) return close(close_code::policy_violation, "the token has expired");
  shard()->loop().schedule(*this, std::min<std::chrono::milliseconds>(left, std::chrono::hours(1)));
}

void RoomSocket::on_timer() noexcept {
  if (leaving_) return close(close_code::service_restart, kRestart);
  expire_later();
}

// The registry's lock is held and this may run before on_open: each side writes its own flag, then reads the other's.
void RoomSocket::on_revoked() noexcept {
  revoked_.store(true);
  const std::uint64_t connection = connection_.load();
  if (connection == 0) return;
  fanout::Shard* home = shard();
  home->loop().post([home, connection] {
    if (auto* subscriber = home->find_connection(connection)) {
      subscriber->socket()->close(close_code::policy_violation, "the user may no longer be connected");
    }
  });
}

// --- what it says ---

void RoomSocket::on_binary(std::string_view) {
  send_error(protocol::kInvalidMessage);
  if (const auto delay = charge(); delay.count() > 0) wait(delay, nullptr, true);
}

void RoomSocket::on_text(std::string_view text) {
  auto frame = protocol::decode_client_frame(text, sockets_.options_.max_content_bytes);
  if (!frame) return on_binary({});
  take(std::move(*frame));
}

void RoomSocket::take(protocol::ClientFrame frame) {
  ++messages_;
  auto message = std::make_unique<AppendMessage>();
  message->room_id = room_;
  message->author = {Principal::Kind::user, user_.user, user_.name};
  message->client_id = std::move(frame.client_id);
  message->content = std::move(frame.content);
  message->origin = origin();
  message->patient = true;
  if (const auto delay = charge(); delay.count() > 0) return wait(delay, std::move(message), true);
  if (!append(*message)) return wait(sockets_.options_.journal_retry, std::move(message), false);
  if (too_much_in_flight()) {
    full_ = true;
    read_on();
  }
}

// Takes a message's share of the user's rate; else how long he has to wait for it.
std::chrono::milliseconds RoomSocket::charge() {
  const auto decision = sockets_.messages_.take_share(user_.user);
  return decision.allowed ? std::chrono::milliseconds(0) : std::max(decision.retry_after, std::chrono::milliseconds(1));
}

bool RoomSocket::append(const AppendMessage& message) {
  subscription_.expect_own(message.id, message.client_id.value_or(std::string()), message.content.size());
  auto answer = [home = shard(), connection = origin().connection, id = message.id](Result<Stored> stored) {
    if (stored && !stored->repeated) return;  // it comes by in the room's stream
    home->loop().post([home, connection, id, stored = std::move(stored)] {
      if (auto* subscriber = home->find_connection(connection))
        static_cast<RoomSocket*>(subscriber)->on_answer(id, stored);
    });
  };
  if (sockets_.journal_.append(message, std::move(answer))) return true;
  subscription_.forget_own(message.id);
  return false;
}

void RoomSocket::on_answer(MessageId message, const Result<Stored>& answer) {
  if (answer) return subscription_.answer_repeat(message, *answer);
  subscription_.forget_own(message);
  on_own_settled();
  switch (answer.error().code) {
    case Errc::invalid:
    case Errc::too_large:
      return send_error(protocol::kInvalidMessage);
    case Errc::overloaded:
    case Errc::unavailable:  // a patient message is refused only when the server stops
      return close(close_code::service_restart, "the message was not stored: connect and send it again");
    case Errc::outcome_unknown:
      return close(close_code::internal_error, "the message may not have been stored: connect and read the history");
    default:
      send_error(sentence_of(answer.error().code, room_.str()));
      return close(mapping_of(answer.error().code).close_code, "the message was refused");
  }
}

// --- not being read for a while ---

bool RoomSocket::too_much_in_flight() const noexcept {
  return subscription_.in_flight() >= sockets_.options_.in_flight_messages ||
         subscription_.in_flight_bytes() >= sockets_.options_.in_flight_bytes;
}

void RoomSocket::on_own_settled() {
  close_when_settled();
  if (!full_ || too_much_in_flight()) return;
  full_ = false;
  read_on();
}

void RoomSocket::on_replay_begins(fanout::Subscription&) {
  begun_ = true;
  read_on();
}

void RoomSocket::wait(std::chrono::milliseconds delay, std::unique_ptr<AppendMessage> held, bool unpaid) {
  if (!shard()) return;
  if (!waiting_) waiting_ = std::make_unique<Waiting>(shard()->loop());
  waiting_->held = std::move(held);
  waiting_->unpaid = unpaid;
  read_on();
  waiting_->timer.expires_after(delay);
  waiting_->timer.async_wait([home = shard(), connection = origin().connection](const boost::system::error_code& ec) {
    if (ec) return;
    if (auto* subscriber = home->find_connection(connection)) static_cast<RoomSocket*>(subscriber)->go_on();
  });
}

void RoomSocket::go_on() {
  if (!waiting_) return;
  auto held = std::move(waiting_->held);
  if (waiting_->unpaid) {
    if (const auto delay = charge(); delay.count() > 0) return wait(delay, std::move(held), true);
  }
  if (held && !append(*held)) return wait(sockets_.options_.journal_retry, std::move(held), false);
  waiting_.reset();
  full_ = too_much_in_flight();
  read_on();
  close_when_settled();  // it may have been no message that waited
}

void RoomSocket::read_on() {
  auto* open = socket();
  if (!open) return;
  if (waiting_ || full_ || leaving_ || !begun_) {
    open->pause_reading();
  } else {
    open->resume_reading();
  }
}

}  // namespace chat::api
