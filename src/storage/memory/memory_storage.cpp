#include "storage/journal/lane_journal.hpp"
#include "storage/memory/memory_stores.hpp"
#include "storage/storage.hpp"

#include <utility>

namespace chat::storage {
namespace {

class MemoryStorage final : public Storage {
 public:
  explicit MemoryStorage(Clock& clock)
      : clock_(clock), database_(std::make_shared<MemoryDatabase>()), stores_(database_, clock) {
    info_.kind = DatabaseKind::memory;
    info_.target = "memory";
    info_.epoch = Uuid::v4().hex();
    info_.warnings = {"DATABASE_URL is memory: everything is gone when the server ends; for tests and benchmarks only"};
  }
  ~MemoryStorage() override { stop(std::chrono::milliseconds(0)); }

  UserStore& users() override { return stores_; }
  RoomStore& rooms() override { return stores_; }
  HistoryStore& history() override { return stores_; }

  Result<void> start_journal(CommitSink& sink, const journal::JournalOptions& options) override {
    if (journal_) return Error(Errc::internal, "the journal has been started before");
    std::vector<std::unique_ptr<journal::FeedWriter>> writers;
    for (std::size_t i = 0; i < std::max<std::size_t>(options.lanes, 1); ++i)
      writers.push_back(make_memory_writer(database_, clock_));
    journal_ = std::make_unique<journal::LaneJournal>(options, std::move(writers), sink, clock_);
    stores_.use_journal(*journal_);
    return {};
  }
  Journal& journal() override { return *journal_; }

  DatabaseInfo info() const override { return info_; }
  Result<void> probe() override { return {}; }
  void stop(std::chrono::milliseconds drain) override {
    if (journal_) journal_->stop(drain);
  }

 private:
  Clock& clock_;
  const std::shared_ptr<MemoryDatabase> database_;
  MemoryStores stores_;
  DatabaseInfo info_;
  std::unique_ptr<journal::LaneJournal> journal_;
};

}  // namespace

std::unique_ptr<Storage> make_memory_storage(Clock& clock) { return std::make_unique<MemoryStorage>(clock); }

}  // namespace chat::storage
