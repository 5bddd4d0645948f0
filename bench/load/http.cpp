#include "load/http.hpp"

#include <cerrno>
#include <cstring>

#include "load/json_text.hpp"
#include "load/stamp.hpp"
#include "load/wire.hpp"

namespace load {

class HttpPool::Connection final : public Pollable {
 public:
  explicit Connection(HttpPool& pool) : pool_(pool) { connect(); }
  ~Connection() override { close(); }

  void ask(Question question) {
    asking_ = true;
    question_ = std::move(question);
    asked_ = question_.request.substr(0, question_.request.find("\r\n"));
    send();
  }

  void on_ready(std::uint32_t events) override {
    if (!connected_) {
      if (const int error = connect_result(wire_.fd())) die(std::string("cannot connect: ") + std::strerror(error));
      if (!(events & EPOLLOUT)) return;
      connected_ = true;
      ++pool_.connected_;
      pool_.run_.loop.change(wire_.fd(), *this, EPOLLIN);
      pool_.answered_by(*this);
      return;
    }
    if (asking_ && (wants_write_ || events & EPOLLOUT)) send();
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    while (receive() && !wire_.whole_reads()) {
    }
  }

 private:
  void connect() {
    wire_.connect(pool_.run_.server.host, pool_.run_.server.port, pool_.run_.server.tls);
    pool_.run_.loop.watch(wire_.fd(), *this, EPOLLIN | EPOLLOUT);
  }

  void close() {
    pool_.run_.loop.forget(wire_.fd(), *this);
    wire_.close();
  }

  // A server may end what nobody has used for a while (RFC 9112, 9.5): another one takes its place.
  void connect_again() {
    std::erase(pool_.free_, this);
    --pool_.connected_;
    connected_ = false;
    close();
    connect();
  }

  void send() {
    if (!wire_.send(question_.request, sent_)) die("cannot send a request: " + std::string(std::strerror(errno)));
    const bool wants = !question_.request.empty();
    if (wants != wants_write_) pool_.run_.loop.change(wire_.fd(), *this, wants ? EPOLLIN | EPOLLOUT : EPOLLIN);
    wants_write_ = wants;
  }

  // One read; whether it brought anything.
  bool receive() {
    char chunk[65536];
    const ssize_t n = wire_.read(chunk, sizeof chunk);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (!asking_) {
      connect_again();
      return false;
    }
    if (n <= 0) die("an HTTP connection was ended in the middle of " + asked_);
    pool_.bytes_ += static_cast<std::uint64_t>(n);
    in_.append(chunk, static_cast<std::size_t>(n));
    if (whole_ == 0) read_head();
    if (whole_ == 0 || in_.size() < whole_) return true;
    if (in_.size() > whole_) die("more was answered than asked: " + asked_);
    if (in_.compare(9, 1, "2") != 0) die(asked_ + " was answered " + in_.substr(0, 400));
    in_.clear();
    whole_ = 0;
    asking_ = false;
    ++pool_.answered_;
    if (question_.into) question_.into->record(now_ns() - question_.when_ns);
    pool_.answered_by(*this);
    return true;
  }

  void read_head() {
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    std::size_t at = in_.find("\r\nContent-Length: ");
    if (at == std::string::npos) at = in_.find("\r\ncontent-length: ");
    if (at == std::string::npos || at > end) die(asked_ + " was answered without a Content-Length");
    whole_ = end + 4 + static_cast<std::size_t>(digits_at(in_, at + 18));
  }

  HttpPool& pool_;
  Wire wire_;
  bool connected_ = false, wants_write_ = false, asking_ = false;
  Question question_{};
  std::string asked_, in_;
  std::size_t sent_ = 0, whole_ = 0;  // bytes of the answer, 0 while unknown
};

HttpPool::HttpPool(Run& run, std::size_t connections) : run_(run) { connections_.resize(connections); }
HttpPool::~HttpPool() = default;

void HttpPool::open() {
  for (auto& connection : connections_) connection = std::make_unique<Connection>(*this);
  turn_until(
      run_, [&] { return connected_ == connections_.size(); }, [&] { return connected_; },
      [] { return "HTTP connections are not accepted"; });
}

void HttpPool::ask(std::uint64_t when_ns, std::string request, Histogram* into) {
  Question question{when_ns, std::move(request), into};
  if (free_.empty()) return queue_.push_back(std::move(question));
  Connection& c = *free_.front();  // the one that has waited longest: all are used, none falls asleep
  free_.pop_front();
  c.ask(std::move(question));
}

void HttpPool::answered_by(Connection& c) {
  if (queue_.empty()) return free_.push_back(&c);
  Question next = std::move(queue_.front());
  queue_.pop_front();
  c.ask(std::move(next));
}

RequestTemplate::RequestTemplate(std::string method, std::string path, std::string body)
    : method_(std::move(method)), path_(std::move(path)), body_(std::move(body)) {}

namespace {
void replace_all(std::string& text, std::string_view word, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += by.size())
    text.replace(at, word.size(), by);
}
}  // namespace

std::string RequestTemplate::fill(std::string_view room, std::uint64_t n, std::string_view token) const {
  const std::string number = std::to_string(n);
  std::string path = path_, body = body_;
  for (std::string* text : {&path, &body}) {
    replace_all(*text, "{room}", room);
    replace_all(*text, "{n}", number);
    replace_all(*text, "{token}", token);
  }
  std::string out = method_ + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  if (!token.empty()) out.append("Authorization: Bearer ").append(token).append("\r\n");
  if (!body.empty()) out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + body;
}

}  // namespace load
