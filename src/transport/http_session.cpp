#include "transport/http_session.hpp"

#include "base/ids.hpp"
#include "transport/handshake.hpp"
#include "transport/http_stream.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace chat::transport {

namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t kKeepInputBytes = 16 * 1024;  // larger buffers go back to the allocator

}  // namespace

void HttpSessionState::reset() {
  parser.reset();
  if (taken == input.size()) input.clear(), taken = 0;
  if (input.empty() && input.capacity() > kKeepInputBytes) std::string().swap(input);
  output.clear();
  response = {};
  sent = to_send = 0;
  method.clear(), target.clear(), request_id.clear();
  head_only = keep_alive = old_version = false;
}

HttpSession::HttpSession(HttpServer& server, std::unique_ptr<ByteStream> stream, const PeerAddress& peer)
    : IoWatch(server.loop_, stream->native_handle()), server_(server), stream_(std::move(stream)), peer_(peer) {}

HttpSession::~HttpSession() { detach(); }

void HttpSession::on_loop_end() noexcept { self_.reset(); }

// A fresh connection has no longer for its first request's head than any other.
void HttpSession::start() {
  self_ = this;
  server_.loop_.stats().http_opened.add();
  ++server_.http_count_;
  server_.loop_.schedule(*this, server_.options_.header_timeout);
  arm_read();
}

void HttpSession::begin_shutdown() {
  if (phase_ == Phase::idle) die(false);
}

// --- time ---

void HttpSession::on_timer() noexcept {
  guarded([this] {
    if (phase_ == Phase::head || phase_ == Phase::body) return refuse(408, "the request took too long");
    die(phase_ == Phase::writing || phase_ == Phase::lingering);
  });
}

// --- reading ---

void HttpSession::arm_read() {
  if (phase_ != Phase::dead) wait_read();
}

void HttpSession::on_read_ready() {
  guarded([this] {
    if (phase_ == Phase::lingering) return discard_input();
    if (phase_ == Phase::idle || phase_ == Phase::head || phase_ == Phase::body) read_on();
  });
}

void HttpSession::read_on() {
  const IoResult result = stream_->try_read(server_.loop_.read_buffer());
  if (result.status == IoStatus::would_block) return arm_read();
  if (result.status != IoStatus::ok) return die(false);  // half a request needs no answer
  LoopStats& stats = server_.loop_.stats();
  stats.receives.add();
  stats.bytes_received.add(result.bytes);
  if (!state_) state_ = server_.take_state();
  if (state_->taken != 0) state_->input.erase(0, std::exchange(state_->taken, 0));
  state_->input.append(server_.loop_.read_buffer().data(), result.bytes);
  process_input();
}

void HttpSession::process_input() {
  for (;;) {
    const HttpParser::Step step = state_->parser.parse(state_->unread());
    state_->taken += step.consumed;
    if (phase_ == Phase::body && !hold_body()) return refuse(503, "too many large requests at once");
    switch (step.status) {
      case HttpParser::Status::error:
        return refuse(step.http_status, step.reason);
      case HttpParser::Status::complete:
        return dispatch();
      case HttpParser::Status::head:
        if (!head_complete()) return;
        break;
      case HttpParser::Status::need_more:
        if (phase_ == Phase::idle && state_->parser.begun()) {
          phase_ = Phase::head;
          if (used_) server_.loop_.schedule(*this, server_.options_.header_timeout);
        }
        return arm_read();
    }
  }
}

// False when the connection has ended over it.
bool HttpSession::head_complete() {
  HttpParser& parser = state_->parser;
  HttpRequest& request = parser.request();
  phase_ = Phase::body;
  server_.loop_.schedule(*this, server_.options_.body_timeout);
  request.peer = peer_;
  request.secure = stream_->secure();
  request.loop = &server_.loop_;
  request.request_id = Uuid::v7().str();
  state_->since = std::chrono::steady_clock::now();
  state_->request_id = request.request_id;
  state_->method = request.method_text;
  state_->target = request.target;
  state_->head_only = request.method == Method::head;
  state_->old_version = request.minor_version == 0;
  state_->keep_alive = parser.keep_alive();
  parser.set_body_limit(parser.has_body() ? server_.handler_.body_limit(request) : 0);
  const bool body_missing = parser.has_body() && state_->unread().empty();
  if (!parser.expects_continue() || !body_missing) return true;
  // A body that will be refused is not asked for.
  const HttpParser::Step step = parser.parse({});
  if (step.status == HttpParser::Status::error) {
    refuse(step.http_status, step.reason);
    return false;
  }
  // The socket is empty here, all earlier answers are gone: it takes these few bytes or is broken.
  const iovec range{const_cast<char*>(kContinue.data()), kContinue.size()};
  const IoResult result = stream_->try_write({&range, 1});
  if (result.status == IoStatus::ok && result.bytes == kContinue.size()) return true;
  die(true);
  return false;
}

// Bodies come before anybody has been asked who sends them: what all of them hold together is bounded.
bool HttpSession::hold_body() {
  const std::size_t size = state_->parser.request().body.size();
  if (size <= server_.options_.small_body_bytes) return true;
  server_.held_body_bytes_ += size - std::exchange(held_, size);
  return server_.held_body_bytes_ <= server_.options_.held_body_bytes;
}

void HttpSession::release_body() noexcept { server_.held_body_bytes_ -= std::exchange(held_, 0); }

void HttpSession::discard_input() {
  const IoResult result = stream_->try_read(server_.loop_.read_buffer());
  if (result.status == IoStatus::ok) {
    drained_ += result.bytes;
    if (drained_ > server_.options_.drain_bytes) return die(true);
  } else if (result.status != IoStatus::would_block) {
    return die(false);
  }
  arm_read();
}

// --- serving ---

void HttpSession::dispatch() {
  phase_ = Phase::serving;
  cancel();
  HttpParser& parser = state_->parser;
  if (!parser.wants_websocket()) return serve(std::move(parser.request()));
  const int status = parser.has_body() ? 400 : check_handshake(parser.request());
  if (status == 0) return upgrade(std::move(parser.request()));
  HttpResponse response = server_.handler_.error_response(status, "not a valid WebSocket handshake");
  if (status == 426)  // RFC 6455, 4.4, and RFC 9110, 7.8
    response.header("Sec-WebSocket-Version", "13").header("Upgrade", "websocket").header("Connection", "Upgrade");
  if (status == 405) response.header("Allow", "GET");
  server_.handler_.decorate(parser.request(), response);
  respond(std::move(response));
}

void HttpSession::serve(HttpRequest request) {
  boost::asio::co_spawn(server_.loop_.executor(), server_.handler_.serve(std::move(request)),
                        [self = HttpSessionPtr(this)](std::exception_ptr failure, HttpResponse response) {
                          self->guarded([&] { self->served(failure, std::move(response)); });
                        });
}

void HttpSession::served(std::exception_ptr failure, HttpResponse response) {
  respond(failure ? failed(failure) : std::move(response));
}

void HttpSession::upgrade(HttpRequest request) {
  auto kept = std::make_unique<HttpRequest>(request);  // for the 101 answer: the handler gets its own
  boost::asio::co_spawn(
      server_.loop_.executor(), server_.handler_.upgrade(std::move(request)),
      [self = HttpSessionPtr(this), kept = std::move(kept)](std::exception_ptr failure, UpgradeAnswer answer) {
        self->guarded([&] { self->upgraded(failure, std::move(answer), *kept); });
      });
}

void HttpSession::upgraded(std::exception_ptr failure, UpgradeAnswer answer, const HttpRequest& request) {
  if (failure) return respond(failed(failure));
  if (auto* refused = std::get_if<HttpResponse>(&answer)) return respond(std::move(*refused));
  become_websocket(std::get<WebSocketAccept>(std::move(answer)), request);
}

// Everything of HTTP is freed here; what came glued to the request belongs to the WebSocket.
void HttpSession::become_websocket(WebSocketAccept accept, const HttpRequest& request) {
  static const WebSocketOptions kDefaults;
  const std::string head = handshake_answer(request, accept.subprotocol, server_.options_.server_name,
                                            server_.loop_.http_date(), accept.headers);
  log(101, 0);
  std::string received(state_->unread());
  detach();
  auto stream = std::move(stream_);
  HttpServer& server = server_;
  die(false);
  const WebSocketPtr socket = WebSocket::open(server.loop_, std::move(stream), std::move(accept.handler),
                                              accept.options ? *accept.options : kDefaults, head, std::move(received));
  server.keep(*socket);
}

// Likewise; what the client sends behind the request is thrown away.
void HttpSession::become_stream(HttpResponse response) {
  static const ConnectionOptions kDefaults;
  std::string head;
  append_answer_head(head, response,
                     {server_.options_.server_name, server_.loop_.http_date(), state_->request_id, true, false});
  log(response.status, 0);
  detach();
  auto stream = std::move(stream_);
  HttpServer& server = server_;
  const ConnectionOptions& options = response.stream_options ? *response.stream_options : kDefaults;
  die(false);
  server.keep(*HttpStream::open(server.loop_, std::move(stream), std::move(response.stream), options, head));
}

HttpResponse HttpSession::failed(std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    if (server_.observer_) server_.observer_->on_exception(state_->request_id, e.what());
  } catch (...) {
    if (server_.observer_) server_.observer_->on_exception(state_->request_id, "not a std::exception");
  }
  return server_.handler_.error_response(500, "internal error");
}

// --- answering ---

// What came cannot be trusted to have ended here: the connection ends with the answer.
void HttpSession::refuse(int status, std::string_view reason) {
  state_->keep_alive = false;
  if (state_->request_id.empty()) {
    state_->parser.read_method(state_->unread());
    state_->request_id = Uuid::v7().str();
    state_->since = std::chrono::steady_clock::now();
    state_->method = state_->parser.request().method_text;
    state_->target = state_->parser.request().target;
    state_->head_only = state_->parser.request().method == Method::head;
  }
  HttpRequest& request = state_->parser.request();
  std::string().swap(request.body);
  HttpResponse response = server_.handler_.error_response(status, reason);
  if (!request.target.empty()) server_.handler_.decorate(request, response);
  respond(std::move(response));
}

void HttpSession::respond(HttpResponse response) {
  release_body();
  if (response.stream) {
    if (!state_->old_version && !state_->head_only) return become_stream(std::move(response));
    response =
        server_.handler_.error_response(400, "this answer has no end: ask for it with HTTP/1.1, and not by HEAD");
  }
  HttpSessionState& state = *state_;
  if (response.close || server_.shutting_down_) state.keep_alive = false;
  state.response = std::move(response);
  append_answer_head(state.output, state.response,
                     {server_.options_.server_name, server_.loop_.http_date(), state.request_id, !state.keep_alive,
                      state.old_version});
  const int status = state.response.status;
  const bool bodiless = state.head_only || status == 204 || status == 304;
  const std::size_t body_bytes = bodiless ? 0 : state.response.content().size();
  state.sent = 0;
  state.to_send = state.output.size() + body_bytes;
  log(status, body_bytes);
  phase_ = Phase::writing;
  write_on();
}

void HttpSession::log(int status, std::size_t body_bytes) {
  if (!server_.observer_) return;
  const std::string_view target = state_->target;
  const auto duration = std::chrono::steady_clock::now() - state_->since;
  server_.observer_->on_request({state_->method, target.substr(0, target.find('?')), status, body_bytes,
                                 std::chrono::duration_cast<std::chrono::microseconds>(duration), peer_,
                                 state_->request_id});
}

void HttpSession::write_on() {
  const HttpSessionPtr self(this);
  HttpSessionState& state = *state_;
  const std::string_view parts[] = {state.output, state.response.content()};
  IovecList list;
  std::size_t skip = state.sent;
  std::size_t room = state.to_send - state.sent;
  for (std::string_view part : parts) {
    const std::size_t skipped = std::min(skip, part.size());
    skip -= skipped;
    part = part.substr(skipped).substr(0, room);
    room -= part.size();
    list.add(part.data(), part.size());
  }
  const IoResult result = stream_->try_write(list.ranges());
  if (result.status == IoStatus::failed) return die(false);
  server_.loop_.stats().sends.add();
  server_.loop_.stats().bytes_sent.add(result.bytes);
  state.sent += result.bytes;
  if (state.sent == state.to_send && stream_->unsent_bytes() == 0) return answered();
  if (result.bytes != 0 || !scheduled()) server_.loop_.schedule(*this, server_.options_.write_timeout);
  wait_write();
}

void HttpSession::on_write_ready() {
  if (phase_ == Phase::writing) guarded([this] { write_on(); });
}

void HttpSession::answered() {
  used_ = true;
  if (!state_->keep_alive) return linger();
  state_->reset();
  phase_ = Phase::idle;
  server_.loop_.schedule(*this, server_.options_.idle_timeout);
  if (state_->unread().empty()) return rest();
  // The next of several pipelined requests gets a turn of its own: one client must not keep the loop.
  server_.loop_.post([self = HttpSessionPtr(this)] {
    if (self->phase_ == Phase::idle) self->guarded([&] { self->process_input(); });
  });
}

void HttpSession::rest() {
  server_.give_back(std::move(state_));
  arm_read();
}

// Half-closes and reads on a little, so that no RST destroys the answer on its way (RFC 9112, 9.6).
void HttpSession::linger() {
  phase_ = Phase::lingering;
  server_.give_back(std::move(state_));
  stream_->shutdown_send();
  server_.loop_.schedule(*this, server_.options_.linger_timeout);
  arm_read();
}

void HttpSession::die(bool reset) {
  if (phase_ == Phase::dead) return;
  phase_ = Phase::dead;
  const HttpSessionPtr self(this);
  cancel();
  release_body();
  if (is_linked()) unlink();
  detach();
  if (stream_ && reset) stream_->reset();
  stream_.reset();
  if (state_) server_.give_back(std::move(state_));
  --server_.http_count_;
  server_.loop_.stats().http_closed.add();
  self_.reset();
}

}  // namespace chat::transport
