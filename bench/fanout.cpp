// What a message costs between the commit and the sends, the kernel left out: one room, N sockets on one shard, M
// messages a turn. Sockets write into nothing, so that what is measured is feed, stream, cursors and flush.
#include "fanout/fanout.hpp"
#include "fanout/subscriber.hpp"
#include "fanout/subscription.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace chat::fanout {
namespace {

class NullStream final : public transport::ByteStream {
 public:
  NullStream() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~NullStream() override { ::close(fd_); }
  transport::IoResult try_read(std::span<char>) override { return {.status = transport::IoStatus::would_block}; }
  transport::IoResult try_write(std::span<const iovec> from) override {
    transport::IoResult all;
    for (const iovec& range : from) all.bytes += range.iov_len;
    return all;
  }
  void shutdown_send() noexcept override {}
  void reset() noexcept override {}
  int native_handle() const noexcept override { return fd_; }

 private:
  int fd_;
};

class EmptyStore final : public HistoryStore {
 public:
  Result<HistoryPage> history_page(RoomId, UserId, std::int64_t, std::int64_t) override { return HistoryPage{}; }
  Result<EventPage> events_after(const FeedKey&, Seq, PageLimit) override { return EventPage{}; }
  Result<EventPage> events_before(const FeedKey&, Seq, PageLimit) override { return EventPage{}; }
  Result<Seq> seq_before_last(RoomId, std::int64_t) override { return Seq{}; }
  Result<FeedHead> feed_head(const FeedKey&) override { return FeedHead{}; }
};

class QuietBus final : public Bus {
 public:
  void publish(const Commit&) override {}
  void watch(const FeedKey&) override {}
  void unwatch(const FeedKey&) override {}
  void set_receiver(std::function<void(const Commit&)>) override {}
};

class Listener final : public transport::WebSocketHandler, public Subscriber {
 public:
  Listener(Shard& shard, RoomId room) : shard_(shard), room_(room) {}
  ~Listener() override { detach(); }
  void on_open(transport::Connection& socket) override {
    attach(shard_, socket);
    shard_.subscribe(subscription_, {FeedKey::room(room_)}, ReplayStart{});
  }
  void on_text(std::string_view) override {}
  void on_binary(std::string_view) override {}
  void on_close(const transport::CloseInfo&) override { detach(); }
  UserId user() const override { return entrant_.user; }
  Entrant entrant() const override { return entrant_; }

 private:
  Shard& shard_;
  const RoomId room_;
  const Entrant entrant_{UserId::make(), "Ada"};
  Subscription subscription_{*this};
};

void deliver(benchmark::State& state) {
  const auto sockets = static_cast<std::size_t>(state.range(0));
  const auto messages = static_cast<std::size_t>(state.range(1));
  transport::EventLoop loop;
  EmptyStore store;
  QuietBus bus;
  const transport::WebSocketOptions options;
  auto fan_out = std::make_unique<FanOut>(
      std::vector<transport::EventLoop*>{&loop}, store,
      [](const std::function<void()>& job) {
        job();
        return true;
      },
      bus, system_clock());
  const RoomId room = RoomId::make();
  std::vector<transport::WebSocketPtr> open;
  for (std::size_t i = 0; i < sockets; ++i) {
    open.push_back(transport::WebSocket::open(loop, std::make_unique<NullStream>(),
                                              std::make_shared<Listener>(fan_out->shard(0), room), options, {}, {}));
  }
  for (int i = 0; i < 10; ++i) loop.poll();

  std::int64_t seq = 0;
  const std::string content(128, 'x');
  for (auto _ : state) {
    Commit commit;
    for (std::size_t i = 0; i < messages; ++i) {
      Event event;
      event.feed = FeedKey::room(room);
      event.seq = Seq(++seq);
      event.message.emplace().content = content;
      commit.events.push_back({std::make_shared<const Event>(std::move(event)), {}});
    }
    fan_out->on_commit(commit);
    while (loop.poll() > 0) {
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(sockets * messages));
  for (auto& socket : open) socket->abort();
  while (loop.poll() > 0) {
  }
  open.clear();
  fan_out.reset();
}
BENCHMARK(deliver)->ArgNames({"sockets", "messages"})->Args({1, 1})->Args({10, 4})->Args({1000, 1})->Args({1000, 32});

}  // namespace
}  // namespace chat::fanout

BENCHMARK_MAIN();
