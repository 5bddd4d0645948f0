#include "transport/http_server.hpp"

#include "transport/http_session.hpp"

namespace chat::transport {

namespace {

constexpr std::size_t kPooledStates = 64;

}  // namespace

struct HttpServer::Sessions {
  HttpLimits limits;
  boost::intrusive::list<HttpSession, boost::intrusive::constant_time_size<false>> list;
};

HttpServer::HttpServer(EventLoop& loop, HttpHandler& handler, HttpServerOptions options, HttpObserver* observer)
    : loop_(loop),
      handler_(handler),
      options_(std::move(options)),
      observer_(observer),
      sessions_(std::make_unique<Sessions>()) {
  sessions_->limits = {options_.head_bytes, options_.target_bytes, options_.header_fields, options_.trailer_bytes};
}

HttpServer::~HttpServer() { abort_all(); }

void HttpServer::adopt(std::unique_ptr<ByteStream> stream, const PeerAddress& peer) {
  const HttpSessionPtr session(new HttpSession(*this, std::move(stream), peer));
  sessions_->list.push_back(*session);
  session->start();
}

// What a session has become. Its handler may not have wanted it.
void HttpServer::keep(Connection& connection) {
  if (connection.is_over()) return;
  connections_.push_back(connection);
  if (shutting_down_) connection.begin_shutdown();
}

// Handlers may end any connection while they are told: the lists are not walked meanwhile.
void HttpServer::begin_shutdown() {
  if (shutting_down_) return;
  shutting_down_ = true;
  std::vector<HttpSessionPtr> sessions;
  for (HttpSession& session : sessions_->list) sessions.emplace_back(&session);
  std::vector<ConnectionPtr> connections;
  for (Connection& connection : connections_) connections.emplace_back(&connection);
  for (const auto& session : sessions) session->begin_shutdown();
  for (const auto& connection : connections) connection->begin_shutdown();
}

void HttpServer::abort_all() {
  while (!sessions_->list.empty()) HttpSessionPtr(&sessions_->list.front())->abort();
  while (!connections_.empty()) ConnectionPtr(&connections_.front())->abort();
}

std::unique_ptr<HttpSessionState> HttpServer::take_state() {
  if (pool_.empty()) return std::make_unique<HttpSessionState>(sessions_->limits);
  auto state = std::move(pool_.back());
  pool_.pop_back();
  return state;
}

void HttpServer::give_back(std::unique_ptr<HttpSessionState> state) {
  if (pool_.size() >= kPooledStates) return;
  state->input.clear();
  state->taken = 0;
  state->reset();
  pool_.push_back(std::move(state));
}

}  // namespace chat::transport
