#include "storage/journal/lane_journal.hpp"
#include "storage/journal/postgres_writer.hpp"
#include "storage/journal/sqlite_writer.hpp"
#include "storage/storage.hpp"

#include <algorithm>
#include <utility>

namespace chat::storage {

using journal::FeedWriter;
using journal::JournalOptions;
using journal::LaneJournal;

SqliteJournal make_sqlite_journal(std::unique_ptr<sql::Connection> writer, CommitSink& sink,
                                  const JournalOptions& options, Clock& clock) {
  std::vector<std::unique_ptr<FeedWriter>> writers;
  writers.push_back(std::make_unique<journal::SqliteWriter>(std::move(writer), options, clock));
  auto made = std::make_unique<LaneJournal>(options, std::move(writers), sink, clock);
  WriteLane* lane = made.get();
  return {std::move(made), lane};
}

std::unique_ptr<Journal> make_postgres_journal(PgWriterSource source, CommitSink& sink, const JournalOptions& options,
                                               Clock& clock) {
  std::vector<std::unique_ptr<FeedWriter>> writers;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.lanes, 1); ++i)
    writers.push_back(std::make_unique<journal::PostgresWriter>(source, options, clock));
  return std::make_unique<LaneJournal>(options, std::move(writers), sink, clock);
}

}  // namespace chat::storage
