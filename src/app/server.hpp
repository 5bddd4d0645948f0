// The whole server, wired: made, run, stopped.
//
// Home: the main thread. Members stand in the order in which they are built; they are ended in the reverse.
#pragma once

#include "api/http/http_api.hpp"
#include "app/commit_sinks.hpp"
#include "app/loop_metrics.hpp"
#include "app/request_log.hpp"
#include "base/blocking_pool.hpp"
#include "base/result.hpp"
#include "chat/accounts.hpp"
#include "chat/feeds.hpp"
#include "chat/hashing.hpp"
#include "chat/live_sessions.hpp"
#include "chat/messages.hpp"
#include "chat/rooms.hpp"
#include "chat/sessions.hpp"
#include "chat/unread_board.hpp"
#include "cluster/local_bus.hpp"
#include "config/settings.hpp"
#include "fanout/fanout.hpp"
#include "storage/storage.hpp"
#include "transport/event_loop.hpp"
#include "transport/http_server.hpp"
#include "transport/listener.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace chat::api {
class EmulatedSessions;
class EventTails;
class Realtime;
class RoomSockets;
class Typing;
}  // namespace chat::api

namespace chat::app {

class Server {
 public:
  // Builds everything and opens the port; nothing is served yet. The error's message is a sentence that names the
  // setting to change.
  static Result<std::unique_ptr<Server>> make(Settings settings);
  ~Server();

  // Into the log: which database, and what an operator should know about it and the settings.
  void announce() const;

  std::string url() const;  // "http://127.0.0.1:8000"

  // Starts the shards; connections are accepted from now on.
  void start();

  // Stops accepting, lets requests in hand and what the journal holds finish, tells every socket to come back, then
  // ends all threads. At most DRAIN_TIME and a second. Idempotent.
  void stop();

 private:
  explicit Server(Settings settings);
  Result<void> open_storage();
  Result<void> start_services();
  Result<void> listen();
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline);
  struct Shard {  // what a loop serves; home: that loop, once it runs
    std::unique_ptr<transport::HttpServer> http;
    std::unique_ptr<transport::Listener> listener;
    std::thread thread;
  };
  void on_each_shard(const std::function<void(Shard&)>& f);

  const Settings settings_;
  RequestLog request_log_;
  std::unique_ptr<storage::Storage> storage_;
  std::unique_ptr<BlockingPool> read_pool_;
  std::unique_ptr<BlockingPool> write_pool_;
  std::unique_ptr<HashingQueue> hashing_;
  std::vector<std::unique_ptr<transport::EventLoop>> loops_;
  std::unique_ptr<LoginGuard> login_guard_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<Rooms> rooms_;
  std::shared_ptr<LiveSessions> live_sessions_;
  LocalBus bus_;
  std::unique_ptr<fanout::FanOut> fan_out_;
  std::shared_ptr<UnreadBoard> unread_;
  std::unique_ptr<CommitSinks> commit_sinks_;
  std::unique_ptr<Messages> messages_;
  std::unique_ptr<Feeds> feeds_;
  std::unique_ptr<api::Typing> typing_;
  std::unique_ptr<api::EventTails> event_tails_;
  std::unique_ptr<api::EmulatedSessions> emulated_;
  std::unique_ptr<api::RoomSockets> room_sockets_;
  std::unique_ptr<api::Operations> operations_;
  std::unique_ptr<api::Realtime> realtime_;
  std::unique_ptr<api::HttpApi> http_api_;
  std::vector<MetricsRegistry::Probe> probes_;
  std::vector<Shard> shards_;
  std::atomic<bool> draining_{false};  // readiness says so
  bool started_ = false, stopped_ = false;
};

}  // namespace chat::app
