// A chat as one writes it from Boost.Beast's examples (example/websocket/server/chat-multi): a connection is a session,
// a room is the path it was opened with, text goes to everybody in the room, its sender too. One io_context on one
// thread; each session has a queue of shared strings and one async_write at a time. It stores nothing and knows nobody.
//
//   peer_beast PORT        prints "listening on PORT"
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
namespace websocket = beast::websocket;
using tcp = net::ip::tcp;

namespace {

class Session;
using Rooms = std::unordered_map<std::string, std::unordered_set<Session*>>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Rooms& rooms) : ws_(std::move(socket)), rooms_(rooms) {}
  ~Session() {
    const auto room = rooms_.find(room_);
    if (room == rooms_.end()) return;
    room->second.erase(this);
    if (room->second.empty()) rooms_.erase(room);
  }

  // The request comes first, for its path says the room.
  void run() {
    http::async_read(ws_.next_layer(), buffer_, request_,
                     beast::bind_front_handler(&Session::on_request, shared_from_this()));
  }

  void send(const std::shared_ptr<const std::string>& message) {
    queue_.push_back(message);
    if (queue_.size() == 1) write();
  }

 private:
  void on_request(beast::error_code failed, std::size_t) {
    if (failed || !websocket::is_upgrade(request_)) return;
    beast::get_lowest_layer(ws_).expires_never();  // the WebSocket has a timer of its own
    ws_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    room_ = std::string(request_.target());
    ws_.async_accept(request_, beast::bind_front_handler(&Session::on_accept, shared_from_this()));
  }

  void on_accept(beast::error_code failed) {
    if (failed) return;
    rooms_[room_].insert(this);
    read();
  }

  void read() { ws_.async_read(buffer_, beast::bind_front_handler(&Session::on_read, shared_from_this())); }

  void on_read(beast::error_code failed, std::size_t) {
    if (failed) return;
    const auto message = std::make_shared<const std::string>(beast::buffers_to_string(buffer_.data()));
    buffer_.consume(buffer_.size());
    // Strong references first: a send may end a session, and with it change the room.
    std::vector<std::weak_ptr<Session>> everybody;
    everybody.reserve(rooms_[room_].size());
    for (Session* session : rooms_[room_]) everybody.emplace_back(session->weak_from_this());
    for (const auto& weak : everybody)
      if (const auto session = weak.lock()) session->send(message);
    read();
  }

  void write() {
    ws_.text(true);
    ws_.async_write(net::buffer(*queue_.front()), beast::bind_front_handler(&Session::on_write, shared_from_this()));
  }

  void on_write(beast::error_code failed, std::size_t) {
    if (failed) return;
    queue_.erase(queue_.begin());
    if (!queue_.empty()) write();
  }

  websocket::stream<beast::tcp_stream> ws_;
  Rooms& rooms_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  std::string room_;
  std::vector<std::shared_ptr<const std::string>> queue_;
};

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(net::io_context& context, tcp::endpoint at) : context_(context), acceptor_(context) {
    acceptor_.open(at.protocol());
    acceptor_.set_option(net::socket_base::reuse_address(true));
    acceptor_.bind(at);
    acceptor_.listen(4096);
    std::printf("listening on %d\n", acceptor_.local_endpoint().port());
    std::fflush(stdout);
  }

  void accept() {
    acceptor_.async_accept(context_, beast::bind_front_handler(&Listener::on_accept, shared_from_this()));
  }

 private:
  void on_accept(beast::error_code failed, tcp::socket socket) {
    if (!failed) {
      socket.set_option(tcp::no_delay(true), failed);
      std::make_shared<Session>(std::move(socket), rooms_)->run();
    }
    accept();
  }

  net::io_context& context_;
  tcp::acceptor acceptor_;
  Rooms rooms_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "peer_beast PORT\n");
    return 1;
  }
  net::io_context context(1);
  std::make_shared<Listener>(
      context, tcp::endpoint(net::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::atoi(argv[1]))))
      ->accept();
  context.run();
}
