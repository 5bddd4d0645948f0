// From a handshake to a room socket, or to the answer that refuses it.
#include "api/error_map.hpp"
#include "api/http/http_api.hpp"
#include "api/http/responses.hpp"
#include "api/room_socket/room_socket.hpp"
#include "api/room_socket/room_sockets.hpp"

#include <algorithm>
#include <utility>

namespace chat::api {
namespace {

using boost::asio::awaitable;
using schema::Fault;
using transport::HttpRequest;
using transport::UpgradeAnswer;
using transport::WebSocketAccept;

struct RoomSocketQuery {
  std::optional<schema::IntFrom<0>> history;
  std::optional<schema::IntFrom<0>> after;
  std::optional<std::string> events;
};
BOOST_DESCRIBE_STRUCT(RoomSocketQuery, (), (history, after, events))

// Opened only to say why not: browsers show nothing of a refused handshake.
class RefusedSocket final : public transport::WebSocketHandler {
 public:
  explicit RefusedSocket(std::string sentence) : sentence_(std::move(sentence)) {}

  void on_open(transport::Connection& socket) override {
    std::string frame;
    protocol::append_error_frame(frame, sentence_);
    socket.send_frame(frame);
    socket.close(transport::close_code::policy_violation, sentence_);
  }
  void on_text(std::string_view) override {}
  void on_binary(std::string_view) override {}
  void on_close(const transport::CloseInfo&) override {}

 private:
  const std::string sentence_;
};

std::string_view without_scheme(std::string_view token) {
  constexpr std::string_view kScheme = "bearer ";
  if (token.size() < kScheme.size()) return token;
  const bool has = std::equal(kScheme.begin(), kScheme.end(), token.begin(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
  });
  if (!has) return token;
  token.remove_prefix(kScheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  return token;
}

HttpResponse refused() { return domain_error(403, "Forbidden", "Could not validate credentials"); }

Result<RoomSocket::Entry> read_entry(const HttpRequest& request, RoomId room, const RoomSocketOptions& options,
                                     std::vector<Fault>& faults) {
  auto query = schema::parse_fields<RoomSocketQuery>(request.query, schema::Where::query);
  faults = std::move(query.faults);
  RoomSocket::Entry entry;
  entry.room = room;
  const auto& asked = query.value.history;
  const std::size_t history = asked ? static_cast<std::size_t>(asked->value) : options.history_default;
  if (history > options.history_max) {
    const auto most = std::to_string(options.history_max);
    faults.push_back({"less_than_equal",
                      {"query", "history"},
                      "Input should be less than or equal to " + most,
                      '"' + std::to_string(history) + '"',
                      "{\"le\":" + most + '}'});
  }
  const auto& events = query.value.events;
  if (events && *events != "all" && *events != "messages") {
    faults.push_back({"value_error", {"query", "events"}, "Value error, events is 'messages' or 'all'", {}, {}});
  }
  if (!faults.empty()) return Error(Errc::invalid);
  if (events && *events == "all") entry.audience = fanout::Audience::events;
  if (query.value.after) {
    entry.start = {fanout::ReplayStart::Kind::after, Seq(*query.value.after), 0};
  } else {
    entry.start = {fanout::ReplayStart::Kind::last, Seq(), history};
  }
  return entry;
}

}  // namespace

bool offers_bearer(const HttpRequest& request) {
  const auto offered = request.headers.tokens("sec-websocket-protocol");
  return std::find(offered.begin(), offered.end(), "bearer") != offered.end();
}

std::optional<std::string> offered_token(const HttpRequest& request) {
  std::vector<std::string_view> tokens;
  if (request.query_count("token") > 1) return std::nullopt;
  if (const auto token = request.query_value("token")) tokens.push_back(without_scheme(*token));
  if (const auto token = bearer_token(request.headers)) tokens.push_back(*token);
  const auto protocols = request.headers.tokens("sec-websocket-protocol");
  const auto bearer = std::find(protocols.begin(), protocols.end(), "bearer");
  if (bearer != protocols.end() && bearer + 1 != protocols.end()) tokens.push_back(*(bearer + 1));

  if (tokens.empty() || tokens.front().empty()) return std::nullopt;
  for (const std::string_view token : tokens) {
    if (token != tokens.front()) return std::nullopt;
  }
  return std::string(tokens.front());
}

RoomSockets::RoomSockets(fanout::FanOut& fan_out, Sessions& sessions, LiveSessions& live, Rooms& rooms,
                         Messages& messages, Journal& journal, const Clock& clock, RoomSocketOptions options)
    : fan_out_(fan_out),
      sessions_(sessions),
      live_(live),
      rooms_(rooms),
      messages_(messages),
      journal_(journal),
      clock_(clock),
      options_(options) {}

awaitable<UpgradeAnswer> RoomSockets::upgrade(HttpRequest request, schema::Pairs path) {
  const auto token = offered_token(request);
  if (!token) co_return refused();
  auto session = sessions_.try_authenticate(*token);
  if (!session) session = co_await sessions_.authenticate(*token);
  if (!*session) {
    if (session->error().code == Errc::unauthenticated) co_return refused();
    co_return error_answer(session->error(), {});
  }

  const auto room = path.empty() ? std::nullopt : RoomId::parse(path.front().second);
  if (!room) co_return not_found();
  std::vector<Fault> faults;
  auto entry = read_entry(request, *room, options_, faults);
  if (!entry) co_return unprocessable(faults);

  WebSocketAccept accept;
  accept.options = &options_.websocket;
  if (offers_bearer(request)) accept.subprotocol = "bearer";
  const UserId user = (*session)->principal.id;
  const auto access = co_await rooms_.enter(*room, user);
  if (!access) {
    const Errc code = access.error().code;
    if (code != Errc::room_not_found && code != Errc::forbidden) co_return error_answer(access.error(), {});
    accept.handler = std::make_shared<RefusedSocket>(sentence_of(code, room->str()));
    co_return accept;
  }

  if (access->room.kind != RoomKind::public_room) entry->member_as_of = access->room.last_seq;
  const Uuid request_id = Uuid::parse(request.request_id).value_or(Uuid{});  // transport's: always a UUID
  auto socket = std::make_shared<RoomSocket>(*this, **session, *entry, request_id);
  if (!live_.add(*socket, user, (*session)->token_version)) {
    Error limit(Errc::rate_limited, "too many open sockets");
    co_return error_answer(limit, {});
  }
  accept.handler = std::move(socket);
  co_return accept;
}

}  // namespace chat::api
