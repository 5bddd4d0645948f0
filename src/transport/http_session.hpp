// One HTTP connection: reads, keeps the time limits, asks the handler, writes; ends, or becomes a WebSocket.
//
// Home: the loop of its server. Holds itself until it is over; the request in hand holds it as well.
#pragma once

#include "transport/http_parser.hpp"
#include "transport/http_server.hpp"
#include "transport/io_watch.hpp"

#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace chat::transport {

// What a connection needs while a request is in work; pooled, and given back when it idles or upgrades.
struct HttpSessionState {
  explicit HttpSessionState(const HttpLimits& limits) : parser(limits) {}

  HttpParser parser;
  std::string input;  // received and not yet consumed: from `taken` on
  std::size_t taken = 0;
  std::string output;     // interim and head of the answer
  HttpResponse response;  // its content follows `output`
  std::size_t sent = 0;   // of output and content
  std::size_t to_send = 0;
  // Of the request in hand, for its answer and its log line.
  std::string method;
  std::string target;
  std::string request_id;
  std::chrono::steady_clock::time_point since;
  bool head_only = false;
  bool keep_alive = false;
  bool old_version = false;

  std::string_view unread() const noexcept { return std::string_view(input).substr(taken); }
  void reset();
};

class HttpSession final
    : public boost::intrusive_ref_counter<HttpSession, boost::thread_unsafe_counter>,
      public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
      private TimerNode,
      private IoWatch {
 public:
  HttpSession(HttpServer& server, std::unique_ptr<ByteStream> stream, const PeerAddress& peer);
  ~HttpSession();

  void start();
  void begin_shutdown();
  void abort() { die(true); }

 private:
  enum class Phase : std::uint8_t { idle, head, body, serving, writing, lingering, dead };

  // Runs `f` unless the connection is over; what it throws (out of memory, a handler's hook) ends the connection.
  template <class F>
  void guarded(F f) noexcept {
    const boost::intrusive_ptr<HttpSession> self(this);
    if (phase_ == Phase::dead) return;
    try {
      f();
    } catch (const std::exception&) {
      die(true);
    }
  }

  void on_timer() noexcept override;
  void on_loop_end() noexcept override;
  void on_read_ready() override;
  void on_write_ready() override;
  void arm_read();
  void discard_input();
  void read_on();
  void process_input();
  bool head_complete();
  bool hold_body();
  void release_body() noexcept;
  void dispatch();
  void serve(HttpRequest request);
  void upgrade(HttpRequest request);
  void served(std::exception_ptr failure, HttpResponse response);
  void upgraded(std::exception_ptr failure, UpgradeAnswer answer, const HttpRequest& request);
  void become_websocket(WebSocketAccept accept, const HttpRequest& request);
  void become_stream(HttpResponse response);
  HttpResponse failed(std::exception_ptr failure);
  void refuse(int status, std::string_view reason);
  void respond(HttpResponse response);
  void log(int status, std::size_t body_bytes);
  void write_on();
  void answered();
  void rest();
  void linger();
  void die(bool reset);

  HttpServer& server_;
  std::unique_ptr<ByteStream> stream_;
  boost::intrusive_ptr<HttpSession> self_;   // until it is dead
  std::unique_ptr<HttpSessionState> state_;  // null while idle
  PeerAddress peer_;
  Phase phase_ = Phase::idle;
  bool used_ = false;        // has answered a request
  std::size_t held_ = 0;     // of its body, in the server's account
  std::size_t drained_ = 0;  // thrown away while lingering
};

using HttpSessionPtr = boost::intrusive_ptr<HttpSession>;

}  // namespace chat::transport
