// The composition root: read it to learn what there is and who needs whom.
#include "app/server.hpp"

#include "api/event_tail/event_tail.hpp"
#include "api/operations/resources.hpp"
#include "api/operations/typing.hpp"
#include "api/operations/unread_signal.hpp"
#include "api/realtime/emulation.hpp"
#include "api/realtime/realtime.hpp"
#include "api/room_socket/room_sockets.hpp"
#include "app/options.hpp"
#include "auth/jwt.hpp"
#include "storage/open.hpp"
#include "telemetry/log.hpp"

#include <functional>
#include <latch>

namespace chat::app {
namespace {

// Blocking writes wait for the journal's lane or for PostgreSQL; they need no more threads than that can use.
constexpr std::size_t kWriteThreads = 4;
constexpr auto kPoll = std::chrono::milliseconds(10);

}  // namespace

Server::Server(Settings settings) : settings_(std::move(settings)) {}

Result<std::unique_ptr<Server>> Server::make(Settings settings) {
  std::unique_ptr<Server> server(new Server(std::move(settings)));
  if (auto opened = server->open_storage(); !opened) return opened.error();
  if (auto started = server->start_services(); !started) return started.error();
  if (auto listening = server->listen(); !listening) return listening.error();
  return server;
}

Result<void> Server::open_storage() {
  auto opened = storage::open_storage(database_target(settings_), serving_storage_options(settings_));
  if (!opened && opened.error().code == Errc::unavailable)
    return Error{Errc::unavailable, "DATABASE_URL names a database that cannot be used now: " + opened.error().message};
  if (!opened) return opened.error();
  storage_ = std::move(*opened);
  return {};
}

void Server::announce() const {
  const storage::DatabaseInfo info = storage_->info();
  log_info("database", {{"kind", storage::to_string(info.kind)}, {"target", info.target}, {"epoch", info.epoch}});
  for (const std::string& warning : info.warnings) log_warn("database", {{"warning", warning}});
}

Result<void> Server::start_services() {
  const auto& s = settings_;
  auto algorithm = parse_jwt_algorithm(s.algorithm);
  auto keys = make_jwt_keys(*algorithm, s.secret_key);
  if (!keys) return Error{Errc::invalid, "SECRET_KEY does not fit ALGORITHM: " + keys.error().message};

  const auto pool = [&](const char* name, std::size_t threads) {
    return std::make_unique<BlockingPool>(
        BlockingPoolOptions{.name = name, .threads = threads, .queue_limit = static_cast<std::size_t>(s.reader_queue)});
  };
  read_pool_ = pool("reader", static_cast<std::size_t>(s.reader_threads));
  write_pool_ = pool("writer", kWriteThreads);
  hashing_ = std::make_unique<HashingQueue>(hashing_options(s));
  std::vector<transport::EventLoop*> loops;
  for (int i = 0; i < s.threads; ++i) {
    loops_.push_back(std::make_unique<transport::EventLoop>());
    loops.push_back(loops_.back().get());
  }

  Clock& clock = system_clock();
  login_guard_ = std::make_unique<LoginGuard>(login_guard_options(s));
  sessions_ = std::make_unique<Sessions>(storage_->users(), *read_pool_, *keys, clock, session_options(s));
  accounts_ = std::make_unique<Accounts>(storage_->users(), *sessions_, *login_guard_, *hashing_, *read_pool_,
                                         *write_pool_, clock, accounts_options(s));
  rooms_ = std::make_unique<Rooms>(storage_->rooms(), storage_->history(), *read_pool_, *write_pool_, clock,
                                   rooms_options(s),
                                   [this](const Room& room) { unread_->joined(room.creator_id, room.id); });
  auto live = live_sessions_options(s);
  live.on_changed = [this](UserId user) { fan_out_->look_again(FeedKey::user(user)); };
  live_sessions_ = std::make_shared<LiveSessions>(storage_->users(), *read_pool_, std::move(live));

  auto fan_out = fan_out_options(s);
  fan_out.epoch = storage_->info().epoch;
  fan_out_ = std::make_unique<fanout::FanOut>(
      loops, storage_->history(), [this](std::function<void()> job) { return read_pool_->post(std::move(job)); }, bus_,
      clock, fan_out);
  storage_->on_epoch_changed([this](const std::string& epoch) { fan_out_->invalidate(epoch); });
  const auto tell_unread = [this](UserId user, const std::vector<UnreadCount>& counts) {
    fan_out_->signal(FeedKey::user(user), api::unread_signal(counts));
  };
  unread_ = std::make_shared<UnreadBoard>(storage_->rooms(), *read_pool_, tell_unread, clock);
  unread_->start(loops.front()->executor());
  commit_sinks_ = std::make_unique<CommitSinks>(std::vector<CommitSink*>{unread_.get(), fan_out_.get()});
  auto journal = journal_options(s);
  const bool lanes = storage_->info().kind == storage::DatabaseKind::postgres;
  journal.observer = std::make_shared<JournalMetrics>(lanes ? journal.lanes : 1);
  if (auto started = storage_->start_journal(*commit_sinks_, journal); !started) return started.error();
  bus_.set_receiver([this](const Commit& commit) { fan_out_->on_hint(commit); });

  messages_ = std::make_unique<Messages>(storage_->journal(), clock, messages_options(s));
  feeds_ = std::make_unique<Feeds>(storage_->rooms(), storage_->history(), *read_pool_);
  typing_ = std::make_unique<api::Typing>(*fan_out_, *rooms_, clock);
  event_tails_ = std::make_unique<api::EventTails>(*fan_out_, *live_sessions_, *rooms_, clock, event_tail_options(s));
  room_sockets_ = std::make_unique<api::RoomSockets>(*fan_out_, *sessions_, *live_sessions_, *rooms_, *messages_,
                                                     storage_->journal(), clock, room_socket_options(s));
  api::Services services{.accounts = accounts_.get(),
                         .sessions = sessions_.get(),
                         .rooms = rooms_.get(),
                         .messages = messages_.get(),
                         .feeds = feeds_.get(),
                         .tails = event_tails_.get(),
                         .typing = typing_.get()};
  services.readiness.push_back(api::store_readiness(storage_->users(), *read_pool_));
  services.readiness.push_back(api::journal_readiness(storage_->journal()));
  services.readiness.push_back({"server", [this]() -> api::awaitable<Result<void>> {
                                  if (draining_) co_return Error{Errc::unavailable, "the server is stopping"};
                                  co_return Result<void>{};
                                }});
  operations_ = std::make_unique<api::Operations>(api::make_operations(services));
  const api::RealtimeServices realtime{*fan_out_, *sessions_, *live_sessions_, *unread_, *rooms_,
                                       *feeds_,   *messages_, *operations_,    clock};
  realtime_ = std::make_unique<api::Realtime>(realtime, realtime_options(s));
  emulated_ = std::make_unique<api::EmulatedSessions>();
  api::add_emulation_routes(*operations_, *emulated_, realtime_->options(),
                            [this](const api::RealtimeSession::Wire& wire, const transport::HttpRequest& request) {
                              return realtime_->make_session(wire, request.request_id,
                                                             api::caller_address(request, settings_.trusted_proxies));
                            });
  http_api_ = std::make_unique<api::HttpApi>(*operations_, *sessions_, http_api_options(s));
  http_api_->add_upgrade(api::RoomSockets::kPath, [this](transport::HttpRequest request, schema::Pairs path) {
    return room_sockets_->upgrade(std::move(request), std::move(path));
  });
  http_api_->add_upgrade(api::Realtime::kWebSocketPath, [this](transport::HttpRequest request, const schema::Pairs&) {
    std::string address = api::caller_address(request, settings_.trusted_proxies);
    return realtime_->upgrade(std::move(request), std::move(address));
  });
  probes_ = probe_loops(loops_);
  return {};
}

Result<void> Server::listen() {
  std::vector<transport::EventLoop*> loops;
  for (auto& loop : loops_) loops.push_back(loop.get());
  auto listeners = transport::open_listeners(loops, listener_options(settings_));
  if (!listeners) return Error{Errc::invalid, "LISTEN cannot be served: " + listeners.error().message};
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    Shard shard;
    shard.http =
        std::make_unique<transport::HttpServer>(*loops_[i], *http_api_, http_options(settings_), &request_log_);
    shard.listener = std::move((*listeners)[i]);
    shards_.push_back(std::move(shard));
  }
  return {};
}

std::string Server::url() const {
  const transport::PeerAddress& local = shards_.front().listener->local();
  return "http://" + local.text();
}

void Server::start() {
  started_ = true;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = shards_[i];
    const auto exhausted = [](int error) {
      log_error("out_of_descriptors",
                {{"errno", error}, {"hint", "raise the limit on open files (ulimit -n, LimitNOFILE)"}});
    };
    loops_[i]->post([&shard, exhausted] {
      shard.listener->start([&shard](auto stream, const auto& peer) { shard.http->adopt(std::move(stream), peer); },
                            exhausted);
    });
    shard.thread = std::thread([this, i] {
      pthread_setname_np(pthread_self(), ("shard-" + std::to_string(i)).c_str());
      loops_[i]->run();
    });
  }
  live_sessions_->start(loops_.front()->executor());
}

// Runs `f` on every shard's own loop and waits until all have: they must be running.
void Server::on_each_shard(const std::function<void(Shard&)>& f) {
  const auto done = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(shards_.size()));
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    loops_[i]->post([&f, done, &shard = shards_[i]] {
      f(shard);
      done->count_down();
    });
  }
  done->wait();
}

// True once no connection is left on any loop. Each is asked at home: counters read from here could miss one that is
// just becoming a WebSocket.
bool Server::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    std::atomic<std::size_t> open{0};
    on_each_shard([&](Shard& shard) { open += shard.http->open_http() + shard.http->open_connections(); });
    if (open == 0) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPoll);
  }
}

void Server::stop() {
  if (stopped_) return;
  stopped_ = true;
  const auto deadline = std::chrono::steady_clock::now() + settings_.drain_time;
  draining_ = true;
  if (fan_out_) fan_out_->begin_shutdown();
  if (started_) {
    live_sessions_->stop();
    unread_->stop();
    // Sockets stop reading, wait for the acknowledgements of what they have sent, and close (1012).
    on_each_shard([](Shard& shard) {
      shard.listener->stop_accepting();
      shard.http->begin_shutdown();
    });
    if (!wait_until_empty(deadline)) {
      log_warn("drain_cut_short", {{"hint", "connections were still open after DRAIN_TIME"}});
      on_each_shard([](Shard& shard) { shard.http->abort_all(); });
    }
  }
  // What the journal took is committed before the process ends; then nobody posts to the loops any more.
  if (storage_) storage_->stop(std::chrono::milliseconds(500));
  if (hashing_) hashing_->stop();
  if (write_pool_) write_pool_->stop();
  if (read_pool_) read_pool_->stop();
  for (auto& loop : loops_) loop->stop();
  for (auto& shard : shards_)
    if (shard.thread.joinable()) shard.thread.join();
}

Server::~Server() {
  stop();
  probes_.clear();
  // What is still on a loop, or in its queue, refers to everything above the loops: it ends first, told as usual.
  shards_.clear();
  // Loops answer one another, so until none has anything left.
  for (bool more = true; more;) {
    more = false;
    for (auto& loop : loops_) more = loop->poll() != 0 || more;
  }
}

}  // namespace chat::app
