// All connections of a run to the measured server: they connect, join, receive and check; what happens is told to a
// Watcher.
//
// Every delivery is checked here, in every scenario: of each sender of its room a connection gets each message once and
// in order, of no other room any, and where the server numbers its events those numbers are dense. A fault ends the
// run.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "load/dialect.hpp"
#include "load/ledger.hpp"
#include "load/loop.hpp"
#include "load/wire.hpp"

namespace load {

struct Server {
  std::string host;
  int port = 0;
  bool tls = false;
};

class Swarm;

class Connection final : public Pollable {
 public:
  Session session;
  std::uint64_t started_ns = 0;  // when connect was called
  Ledger ledger;
  bool open = false, ready = false, left = false;
  bool counted = false;  // the watcher's: its deliveries are owed for every message

  const Role& role() const { return session.role; }
  void on_ready(std::uint32_t events) override;

 private:
  friend class Swarm;
  explicit Connection(Swarm& swarm) : swarm_(swarm) {}
  Swarm& swarm_;
  Wire wire_;
  bool connected_ = false, wants_write_ = false;
  std::string unread_;  // the beginning of an unfinished frame
  std::string out_;     // not sent yet
  std::size_t sent_ = 0;
  std::size_t place_ = 0;  // in the swarm's list
};

class Watcher {
 public:
  virtual ~Watcher() = default;
  // All that one read brought, already checked; `now_ns` is the time behind that read. Errors never get here.
  virtual void on_events(Connection& c, std::span<const Event> events, std::uint64_t now) = 0;
};

class Swarm {
 public:
  Swarm(Loop& loop, Dialect& dialect, Server server) : loop_(loop), dialect_(dialect), server_(std::move(server)) {}
  Swarm(const Swarm&) = delete;

  void watch_by(Watcher* watcher) { watcher_ = watcher; }
  Loop& loop() { return loop_; }
  Dialect& dialect() { return dialect_; }

  // Begins to connect; the rest is what the connection's ledger is opened with.
  Connection& add(const Role& role, std::size_t senders, std::uint32_t first, std::int64_t last_seq = 0);
  std::size_t size() const { return connections_.size(); }
  std::span<const std::unique_ptr<Connection>> connections() const { return connections_; }

  // Appends to what the connection has to send; `flush` sends it.
  void publish(Connection& c, const Stamp& stamp, std::string_view content);
  bool typing(Connection& c);
  void flush(Connection& c);

  // Says goodbye: nothing of it is checked any more, and it is taken away when the server has closed its side too.
  void leave(Connection& c);
  // Away at once.
  void drop(Connection& c);

  std::size_t unopened() const { return unopened_; }  // connecting or upgrading
  std::size_t unready() const { return unready_; }    // not joined yet
  std::size_t leaving() const { return leaving_; }
  std::uint64_t bytes_received() const { return bytes_received_; }
  std::uint64_t deliveries() const { return deliveries_; }  // checked, of all connections together
  std::uint64_t signals() const { return signals_; }

 private:
  friend class Connection;
  void on_ready(Connection& c, std::uint32_t events);
  ssize_t receive(Connection& c);
  void check(Connection& c, std::span<const Event> events, std::uint64_t now);
  ssize_t discard(Connection& c);

  Loop& loop_;
  Dialect& dialect_;
  Server server_;
  Watcher* watcher_ = nullptr;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> gone_;  // freed when the next one is ready
  std::vector<Event> events_;
  std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(kBuffer);
  std::size_t unopened_ = 0, unready_ = 0, leaving_ = 0;
  std::uint64_t bytes_received_ = 0, deliveries_ = 0, signals_ = 0;

  static constexpr std::size_t kRead = 256 << 10;  // bytes a read may bring
  static constexpr std::size_t kBuffer = 4 << 20;  // the longest frame, and a read
};

// "who of what": for the sentence that ends a run.
std::string describe(const Connection& c);

}  // namespace load
