// The journal: a few lanes, each feed on one of them.
//
// Made by the factories that storage/storage.hpp names. Home: app makes and stops it; every other call is thread-safe.
#pragma once

#include "storage/journal/lane.hpp"
#include "storage/write_lane.hpp"

#include <memory>
#include <vector>

namespace chat::journal {

class LaneJournal final : public Journal, public storage::WriteLane {
 public:
  // One lane for each writer; `sink` and `clock` outlive it.
  LaneJournal(const JournalOptions& options, std::vector<std::unique_ptr<FeedWriter>> writers, CommitSink& sink,
              const Clock& clock);
  ~LaneJournal() override { stop(std::chrono::milliseconds(0)); }

  bool append(AppendMessage message, JournalAnswer answer) override;
  bool execute(FeedCommand command, JournalAnswer answer) override;
  bool execute(UserCommand command, JournalAnswer answer) override;
  JournalHealth health() const override;
  void stop(std::chrono::milliseconds drain) override;

  // On lane 0, between two flights. Only for a writer that lends its connection (SQLite): elsewhere unavailable.
  Result<void> run(const std::function<Result<void>(sql::Connection&)>& work) override;

 private:
  Lane& lane_of(const FeedKey& feed);

  const bool lends_connection_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace chat::journal
