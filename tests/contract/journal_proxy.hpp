// A TCP proxy before PostgreSQL that breaks connections at chosen moments.
#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>

namespace chat::contract {

class Proxy {
 public:
  enum class Mode : int {
    pass,
    cut_after_commit,   // COMMIT reaches the server, its answer nobody
    late_commit,        // the client is cut at once; what it sent reaches the server `delay` later
    cut_before_commit,  // what holds the COMMIT is dropped
    stall,              // COMMIT is swallowed, and the connection stays open without an answer
    zombie,             // the first is cut and held back, the second passes, the third goes after the first is done
    down,               // every connection is refused, the open ones are cut
  };

  explicit Proxy(int server_port);
  ~Proxy();
  int port() const { return port_; }

  // `times` connections are broken so, then it passes again; `down` lasts until the next call.
  void set(Mode mode, int times = 1, std::chrono::milliseconds delay = std::chrono::milliseconds(0));
  int broken() const { return broken_; }  // connections broken at a COMMIT so far

 private:
  void accept_all();
  void serve(int client);
  bool zombie_breaks_here(int client, int server, const char* data, std::size_t size);
  bool breaks_here(int client, int server, const char* data, std::size_t size);

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<Mode> mode_ = Mode::pass;
  std::atomic<int> times_ = 0, broken_ = 0, commits_ = 0;
  std::atomic<bool> risen_ = false, done_ = false;  // of the zombie
  std::atomic<std::chrono::milliseconds> delay_{std::chrono::milliseconds(0)};
  std::thread acceptor_;
  std::mutex mutex_;  // guards connections_
  std::list<std::thread> connections_;
};

}  // namespace chat::contract
