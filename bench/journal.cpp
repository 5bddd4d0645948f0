// Durable messages a second into 100 rooms, and the latency of a message that is alone, against the disk's own sync.
//
//   bench_journal [seconds]                      SQLite and memory
//   BENCH_POSTGRES_URL=postgresql://... bench_journal    PostgreSQL too: an empty database, or one of an earlier run
//
// TMPDIR chooses the disk of the SQLite file. 120-byte messages; 64 senders, each with 16 unanswered messages.
#include "storage/open.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace chat {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct CountingSink final : CommitSink {
  std::atomic<std::size_t> commits = 0, events = 0;
  void on_commit(const Commit& commit) override {
    ++commits;
    events += commit.events.size();
  }
};

double percentile(std::vector<double>& values, double p) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

double since(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count();
}

void measure_sync(const std::filesystem::path& folder) {
  const auto file = folder / "sync";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT, 0600);
  std::vector<char> page(4096, 'x');
  std::vector<double> took;
  for (int i = 0; i < 300; ++i) {
    const auto start = SteadyClock::now();
    if (::pwrite(fd, page.data(), page.size(), i * 4096) != 4096 || ::fdatasync(fd) != 0) std::perror("fdatasync");
    took.push_back(since(start));
  }
  ::close(fd);
  std::printf("fdatasync of 4 KiB appended: p50 %.3f ms, p99 %.3f ms\n", percentile(took, 0.5), percentile(took, 0.99));
}

class Bench {
 public:
  Bench(storage::Storage& storage, std::size_t lanes) : storage_(storage) {
    journal::JournalOptions options;
    options.lanes = lanes;
    if (auto started = storage_.start_journal(sink_, options); !started) throw std::runtime_error("no journal");
    for (int i = 0; i < 100; ++i) {
      User user;
      user.id = UserId::make();
      user.name = "bench";
      user.username = user.id.str() + "@example.com";
      user.created_at = system_clock().now();
      Room room;
      room.id = RoomId::make();
      room.name = room.id.str();
      room.creator_id = user.id;
      room.created_at = user.created_at;
      (void)storage_.users().create_user(user).value();
      (void)storage_.rooms().create_room(room).value();
      users_.push_back({Principal::Kind::user, user.id, user.name});
      rooms_.push_back(room.id);
    }
  }

  void alone() {
    std::vector<double> took;
    for (std::size_t i = 0; i < 500; ++i) {
      std::promise<Result<Stored>> done;
      const auto start = SteadyClock::now();
      const bool taken = storage_.journal().append(message(i), [&](Result<Stored> r) { done.set_value(std::move(r)); });
      if (!taken || !done.get_future().get()) ++failed_;
      took.push_back(since(start));
    }
    std::printf("  alone: p50 %.3f ms, p99 %.3f ms\n", percentile(took, 0.5), percentile(took, 0.99));
  }

  void many(int seconds) {
    const std::size_t commits = sink_.commits, events = sink_.events;
    const auto start = SteadyClock::now();
    const auto end = start + std::chrono::seconds(seconds);
    std::vector<std::thread> senders;
    for (std::size_t t = 0; t < 64; ++t) senders.emplace_back([this, t, end] { send_until(t, end); });
    for (auto& sender : senders) sender.join();
    const double s = since(start) / 1000;
    const std::size_t stored = sink_.events - events, batches = sink_.commits - commits;
    std::printf("  100 rooms, 64 senders: %.0f messages/s, %.0f a commit, %zu failed\n",
                static_cast<double>(stored) / s, static_cast<double>(stored) / static_cast<double>(batches),
                failed_.load());
  }

 private:
  AppendMessage message(std::size_t i) {
    AppendMessage m;
    m.room_id = rooms_[i % rooms_.size()];
    m.author = users_[i % users_.size()];
    m.content = std::string(120, 'm');
    m.patient = true;
    return m;
  }

  void send_until(std::size_t seed, SteadyClock::time_point end) {
    std::mutex mutex;
    std::condition_variable answered;
    std::size_t waiting = 0;
    for (std::size_t i = seed * 31; SteadyClock::now() < end; ++i) {
      std::unique_lock lock(mutex);
      answered.wait(lock, [&] { return waiting < 16; });
      ++waiting;
      lock.unlock();
      const bool taken = storage_.journal().append(message(i), [&](const Result<Stored>& r) {
        if (!r) ++failed_;
        std::lock_guard guard(mutex);
        --waiting;
        answered.notify_one();
      });
      if (taken) continue;
      lock.lock();
      --waiting;
      ++failed_;
    }
    std::unique_lock lock(mutex);
    answered.wait(lock, [&] { return waiting == 0; });
  }

  storage::Storage& storage_;
  CountingSink sink_;
  std::vector<Principal> users_;
  std::vector<RoomId> rooms_;
  std::atomic<std::size_t> failed_ = 0;
};

void run(const char* name, storage::Storage& storage, std::size_t lanes, int seconds) {
  std::printf("%s\n", name);
  Bench bench(storage, lanes);
  bench.alone();
  bench.many(seconds);
  storage.stop(std::chrono::seconds(5));
}

int main_of(int seconds) {
  std::string pattern = (std::filesystem::temp_directory_path() / "chatd-bench-XXXXXX").string();
  if (!mkdtemp(pattern.data())) return 1;
  measure_sync(pattern);
  storage::StorageOptions options;
  options.migrate = true;
  {
    auto opened = storage::open_storage({storage::DatabaseKind::memory, {}, {}}, options).value();
    run("memory", *opened, 1, seconds);
  }
  {
    auto opened = storage::open_storage({storage::DatabaseKind::sqlite, pattern + "/chat.db", {}}, options).value();
    run("sqlite", *opened, 1, seconds);
  }
  std::filesystem::remove_all(pattern);
  const char* url = std::getenv("BENCH_POSTGRES_URL");
  if (!url) return 0;
  const storage::DatabaseTarget target{storage::DatabaseKind::postgres, {}, url};
  (void)storage::migrate(target, {}, false).value();
  for (const std::size_t lanes : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
    auto opened = storage::open_storage(target, options).value();
    run(("postgresql, " + std::to_string(lanes) + " lanes").c_str(), *opened, lanes, seconds);
  }
  return 0;
}

}  // namespace
}  // namespace chat

int main(int argc, char** argv) { return chat::main_of(argc > 1 ? std::atoi(argv[1]) : 5); }
