// A page of ten messages: read from the store, and written as the answer's JSON. The room has 100,000 messages; pages
// are drawn at random.
//
//   BENCH_POSTGRES_URL=postgresql://... bench_history    PostgreSQL too: an empty database, or one of an earlier run
//
// TMPDIR chooses the disk of the SQLite file.
#include "api/operations/wire.hpp"
#include "schema/schema.hpp"
#include "storage/open.hpp"

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

namespace chat {
namespace {

constexpr std::int64_t kMessages = 100'000;
constexpr std::int64_t kPage = 10;

struct NoSink final : CommitSink {
  void on_commit(const Commit&) override {}
};

// A database with one room full of messages.
struct Filled {
  explicit Filled(const storage::DatabaseTarget& target) {
    storage::StorageOptions options;
    options.migrate = true;
    if (target.kind == storage::DatabaseKind::postgres) (void)storage::migrate(target, {}, false).value();
    storage = storage::open_storage(target, options).value();
    if (!storage->start_journal(sink, {})) throw std::runtime_error("no journal");
    reader.id = UserId::make();
    reader.name = "Ada Lovelace";
    reader.username = reader.id.str() + "@example.com";
    reader.created_at = system_clock().now();
    room.id = RoomId::make();
    room.name = room.id.str();
    room.creator_id = reader.id;
    room.created_at = reader.created_at;
    (void)storage->users().create_user(reader).value();
    (void)storage->rooms().create_room(room).value();
    std::atomic<std::int64_t> open = 0;
    for (std::int64_t i = 0; i < kMessages; ++i) {
      while (open > 500) std::this_thread::yield();
      AppendMessage message;
      message.room_id = room.id;
      message.author = {Principal::Kind::user, reader.id, reader.name};
      message.content = std::string(120, 'm');
      message.patient = true;
      ++open;
      if (!storage->journal().append(std::move(message), [&open](const Result<Stored>&) { --open; })) --open;
    }
    while (open > 0) std::this_thread::yield();
  }
  ~Filled() { storage->stop(std::chrono::seconds(5)); }

  NoSink sink;
  std::unique_ptr<storage::Storage> storage;
  User reader;
  Room room;
};

void page_read(benchmark::State& state, Filled* filled) {
  std::mt19937_64 random(1);
  for (auto _ : state) {
    const auto page = 1 + static_cast<std::int64_t>(random() % (kMessages / kPage / 2));
    const auto read = filled->storage->history().history_page(filled->room.id, filled->reader.id, page, kPage);
    if (!read || read->messages.size() != kPage) return state.SkipWithError("no page");
    benchmark::DoNotOptimize(&*read);
  }
}

void page_write(benchmark::State& state) {
  api::HistoryOut out;
  out.room_id = RoomId::make();
  for (std::int64_t i = 0; i < kPage; ++i) {
    auto& message = out.messages.emplace_back();
    message.id = MessageId::make();
    message.room_id = out.room_id;
    message.user.name = "Ada Lovelace";
    message.content = std::string(120, 'm');
  }
  for (auto _ : state) benchmark::DoNotOptimize(schema::write(out));
}
BENCHMARK(page_write);

}  // namespace
}  // namespace chat

int main(int argc, char** argv) {
  using namespace chat;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  std::string folder = (std::filesystem::temp_directory_path() / "chatd-bench-XXXXXX").string();
  if (!mkdtemp(folder.data())) return 1;
  {
    Filled memory({storage::DatabaseKind::memory, {}, {}});
    Filled sqlite({storage::DatabaseKind::sqlite, folder + "/chat.db", {}});
    benchmark::RegisterBenchmark("page_read/memory", page_read, &memory);
    benchmark::RegisterBenchmark("page_read/sqlite", page_read, &sqlite);
    std::unique_ptr<Filled> postgres;
    if (const char* url = std::getenv("BENCH_POSTGRES_URL")) {
      postgres = std::make_unique<Filled>(storage::DatabaseTarget{storage::DatabaseKind::postgres, {}, url});
      benchmark::RegisterBenchmark("page_read/postgres", page_read, postgres.get())->UseRealTime();
    }
    benchmark::RunSpecifiedBenchmarks();
  }
  std::filesystem::remove_all(folder);
  return 0;
}
