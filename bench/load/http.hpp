// HTTP/1.1 over kept-alive connections, one request at a time on each; what cannot be asked at once waits in a queue,
// and its latency counts from when it should have been asked.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "load/histogram.hpp"
#include "load/loop.hpp"
#include "load/run.hpp"

namespace load {

class HttpPool {
 public:
  HttpPool(Run& run, std::size_t connections);
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;

  // Connects all and waits until they are.
  void open();
  // Sends when a connection is free. The latency goes into `into`, if it is given; a status other than 2xx ends the
  // run.
  void ask(std::uint64_t when_ns, std::string request, Histogram* into);

  std::size_t free() const { return free_.size(); }
  std::size_t waiting() const { return queue_.size(); }
  bool quiet() const { return free_.size() == connections_.size() && queue_.empty(); }
  std::uint64_t answered() const { return answered_; }
  std::uint64_t bytes_received() const { return bytes_; }

 private:
  class Connection;
  struct Question {
    std::uint64_t when_ns;
    std::string request;
    Histogram* into;
  };
  void answered_by(Connection& c);

  Run& run_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> free_;
  std::deque<Question> queue_;
  std::size_t connected_ = 0;
  std::uint64_t answered_ = 0, bytes_ = 0;
};

// A request's bytes, again and again with other values: {room}, {n} and {token} of the template are replaced.
class RequestTemplate {
 public:
  RequestTemplate(std::string method, std::string path, std::string body);
  std::string fill(std::string_view room, std::uint64_t n, std::string_view token) const;

 private:
  std::string method_, path_, body_;
};

}  // namespace load
