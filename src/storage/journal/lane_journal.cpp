#include "storage/journal/lane_journal.hpp"

#include <exception>
#include <future>
#include <utility>

namespace chat::journal {

LaneJournal::LaneJournal(const JournalOptions& options, std::vector<std::unique_ptr<FeedWriter>> writers,
                         CommitSink& sink, const Clock& clock)
    : lends_connection_(!writers.empty() && writers.front()->lends_connection()) {
  for (auto& writer : writers)
    lanes_.push_back(std::make_unique<Lane>(lanes_.size(), options, std::move(writer), sink, clock));
}

Lane& LaneJournal::lane_of(const FeedKey& feed) {
  // The high half: the low bits also choose home shards, and must not tie lanes to shards.
  return *lanes_[(std::hash<FeedKey>{}(feed) >> 32) % lanes_.size()];
}

bool LaneJournal::append(AppendMessage message, JournalAnswer answer) {
  Lane& lane = lane_of(FeedKey::room(message.room_id));
  return lane.push(std::move(message), std::move(answer));
}

bool LaneJournal::execute(FeedCommand command, JournalAnswer answer) {
  Lane& lane = lane_of(FeedKey::room(command.room_id));
  return lane.push(std::move(command), std::move(answer));
}

bool LaneJournal::execute(UserCommand command, JournalAnswer answer) {
  Lane& lane = lane_of(FeedKey::user(command.user_id));
  return lane.push(std::move(command), std::move(answer));
}

Result<void> LaneJournal::run(const std::function<Result<void>(sql::Connection&)>& work) {
  if (!lends_connection_) return Error(Errc::unavailable, "this journal lends no connection");
  std::promise<Result<void>> done;
  const bool taken = lanes_.front()->post([&](sql::Connection* connection) {
    if (!connection) return done.set_value(Error(Errc::unavailable, "the journal has stopped"));
    try {
      done.set_value(work(*connection));
    } catch (const std::exception& e) {
      done.set_value(Error(Errc::internal, e.what()));
    }
  });
  if (!taken) return Error(Errc::overloaded, "the writer's queue is full, or it has stopped");
  return done.get_future().get();
}

JournalHealth LaneJournal::health() const {
  JournalHealth all;
  for (const auto& lane : lanes_) {
    const JournalHealth one = lane->health();
    all.queued += one.queued;
    all.queued_bytes += one.queued_bytes;
    if (one.writable || !all.writable) continue;
    all.writable = false;
    all.reason = one.reason;
  }
  return all;
}

void LaneJournal::stop(std::chrono::milliseconds drain) {
  for (auto& lane : lanes_) lane->begin_stop(drain);
  for (auto& lane : lanes_) lane->join();
}

}  // namespace chat::journal
