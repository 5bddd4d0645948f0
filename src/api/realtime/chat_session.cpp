#include "api/realtime/chat_session.hpp"

#include "api/realtime/chat_channel.hpp"
#include "api/realtime/chat_terms.hpp"
#include "base/json_text.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::api {
namespace {

using namespace centrifuge;
using boost::asio::awaitable;

std::string what_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown";
  }
}

}  // namespace

ChatSession::ChatSession(const Realtime& realtime, const Wire& wire, const Uuid& request_id, std::string address)
    : RealtimeSession(realtime.options(), realtime.services().clock, wire),
      realtime_(realtime),
      request_id_(request_id),
      address_(std::move(address)) {}

ChatSession::~ChatSession() {
  leave_unread();
  realtime_.services().live.remove(*this);
  detach();
  channels_.clear();
}

// --- opening and ending ---

void ChatSession::opened() {
  opened_at_ = clock().steady();
  attach(*realtime_.services().fan_out.shard_of(socket()->loop()), *socket());
  home_.store(shard());
}

void ChatSession::ended(const transport::CloseInfo& info) {
  leave_unread();
  realtime_.services().live.remove(*this);
  const std::string client = origin().connection ? fanout::client_text(origin()) : std::string();
  detach();
  const auto channels = std::distance(channels_.begin(), channels_.end());
  channels_.clear();
  log_info("realtime_closed", {{"request_id", request_id_.str()},
                               {"client", client},
                               {"user_id", who_ ? who_->principal.id.str() : std::string()},
                               {"code", info.code},
                               {"by_peer", info.by_peer},
                               {"commands", commands_},
                               {"channels", channels},
                               {"open", clock().steady() - opened_at_}});
}

void ChatSession::write(std::string_view frame) { send(frame); }

void ChatSession::on_writable() {
  Subscriber::on_writable();
  next_turn();
}

void ChatSession::on_slow(std::string_view) { on_overflow(*socket()); }

void ChatSession::on_state_invalidated() { close(CloseCode::state_invalidated); }

// On another thread, and possibly before or after this connection's life.
void ChatSession::on_revoked() noexcept {
  fanout::Shard* home = home_.load();
  home->loop().post([weak = weak_from_this()] {
    if (const auto session = std::static_pointer_cast<ChatSession>(weak.lock())) {
      session->close(CloseCode::invalid_token, "the user may no longer be connected");
    }
  });
}

// --- what is under way ---

// Runs a coroutine that answers the command, and `then` behind it; the session is kept until it has ended.
void ChatSession::spawn(CommandId id, awaitable<void> work, std::function<void()> then) {
  auto done = [session = self(), id, then = std::move(then)](const std::exception_ptr& failure) {
    if (failure) {
      log_error("realtime_command_failed", {{"request_id", session->request_id_.str()}, {"what", what_of(failure)}});
      session->fail(id);
    }
    if (then) then();
  };
  boost::asio::co_spawn(shard()->loop().executor(), std::move(work), std::move(done));
}

// What a command began does not stay half done: who asks again must not be told that it is subscribed already.
void ChatSession::fail(CommandId id) {
  const auto begun = std::find_if(channels_.begin(), channels_.end(),
                                  [&](auto& channel) { return channel.asked && channel.asked->id == id; });
  if (alive() && begun != channels_.end()) {
    give_up(*begun, ErrorCode::internal);
  } else if (is_connected()) {
    refuse(id, ErrorCode::internal);
  } else {
    refuse_connect(id, ErrorCode::internal);
  }
}

void ChatSession::in_turn(ReplyTurns::Kind kind, ReplyTurns::Begin begin) {
  turns_.wait(kind, std::move(begin));
  next_turn();
}

void ChatSession::end_turn(ReplyTurns::Kind kind) {
  turns_.done(kind);
  next_turn();
}

void ChatSession::next_turn() {
  turns_.go_on([this] {
    if (!is_connected() || !is_open()) return false;
    if (below_low_water()) return true;
    notify_when_writable();
    return false;
  });
}

// --- connect and refresh ---

void ChatSession::connect(CommandId id, ConnectRequest request) {
  if (request.token.empty()) return close(CloseCode::invalid_token);
  spawn(id, log_in(id, std::move(request)));
}

// Whose token it is; without a hop when that is known.
awaitable<Result<Session>> ChatSession::judge(std::string token) {
  auto& sessions = realtime_.services().sessions;
  auto known = sessions.try_authenticate(token);
  if (known) co_return std::move(*known);
  co_return co_await sessions.authenticate(std::move(token));
}

awaitable<void> ChatSession::log_in(CommandId id, ConnectRequest request) {
  auto session = co_await judge(request.token);
  if (!alive()) co_return;
  if (session) co_return enter(id, std::move(*session), request);
  const Errc why = session.error().code;
  if (why != Errc::unauthenticated) co_return refuse_connect(id, error_of(why));
  if (!realtime_.services().sessions.is_expired(request.token)) co_return close(CloseCode::invalid_token);
  refuse_connect(id, ErrorCode::token_expired);
}

// The user's own feed first: its position stands in the answer to `connect`.
void ChatSession::enter(CommandId id, Session session, const ConnectRequest& request) {
  who_ = std::move(session);
  if (!realtime_.services().live.add(*this, who_->principal.id, who_->token_version)) {
    return close(CloseCode::connection_limit);
  }
  Channel& own = channels_.emplace_front(*this, FeedKey::user(who_->principal.id), id, true);
  const std::string name = own.feed.str();
  const auto asked =
      std::find_if(request.subs.begin(), request.subs.end(), [&](auto& sub) { return sub.first == name; });
  if (asked != request.subs.end()) own.asked->read(asked->second, shard()->epoch());
  start(own, std::nullopt);
}

void ChatSession::welcome(CommandId id, SubscribeResult own) {
  ConnectResult result;
  result.client = fanout::client_text(origin());
  result.expires = true;
  result.ttl = seconds_left(who_->expires_at);
  result.data = "{\"user\":{\"id\":\"" + who_->principal.id.str() + "\",\"name\":";
  append_json_string(result.data, who_->principal.name);
  result.data += "}}";
  result.subs.emplace_back(FeedKey::user(who_->principal.id).str(), std::move(own));
  connected(id, std::move(result));
  expire_at(who_->expires_at);
  if (!alive()) return;
  realtime_.services().unread.session_opened(who_->principal.id);
  counted_unread_ = true;
}

void ChatSession::leave_unread() {
  if (std::exchange(counted_unread_, false)) realtime_.services().unread.session_ended(who_->principal.id);
}

void ChatSession::refresh(CommandId id, RefreshRequest request) { spawn(id, renew(id, std::move(request.token))); }

awaitable<void> ChatSession::renew(CommandId id, std::string token) {
  auto session = co_await judge(token);
  if (!alive()) co_return;
  if (!session) {
    const Errc why = session.error().code;
    if (why != Errc::unauthenticated) co_return refuse(id, error_of(why));
    const bool expired = realtime_.services().sessions.is_expired(token);
    co_return close(expired ? CloseCode::connection_expired : CloseCode::invalid_token);
  }
  if (session->principal.id != who_->principal.id) co_return close(CloseCode::invalid_token);
  const bool newer = session->token_version != who_->token_version;
  who_ = std::move(*session);
  if (newer) {  // judged by the token that it has now
    auto& live = realtime_.services().live;
    live.remove(*this);
    if (!live.add(*this, who_->principal.id, who_->token_version)) co_return close(CloseCode::connection_limit);
  }
  expire_at(who_->expires_at);
  RefreshResult result;
  result.client = fanout::client_text(origin());
  result.version = kRealtimeVersion;
  result.expires = true;
  result.ttl = seconds_left(who_->expires_at);
  reply(id, result);
}

// Subscriptions have no tokens here, so none ends.
void ChatSession::sub_refresh(CommandId id, SubRefreshRequest) { refuse(id, ErrorCode::not_available); }

}  // namespace chat::api
