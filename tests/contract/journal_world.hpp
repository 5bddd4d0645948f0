// A database of each kind with people and rooms in it, for the journal's contract.
#pragma once

#include "ports/stores.hpp"
#include "storage/storage.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace chat::contract {

enum class Kind { memory, sqlite, postgres };
std::string name_of(const testing::TestParamInfo<Kind>& info);
// The three, or two when CHATD_TEST_NO_POSTGRES=1. CHATD_TEST_POSTGRES_URL must name a server otherwise: without it the
// tests fail.
std::vector<Kind> kinds();

class World {
 public:
  static std::unique_ptr<World> make(Kind kind);  // an empty database of its own, gone with the object
  static std::unique_ptr<World> on_postgres(const std::string& server_url);
  virtual ~World() = default;

  // A journal on it; several may follow one another (a restart), on PostgreSQL also live together (two nodes).
  virtual std::unique_ptr<Journal> journal(CommitSink& sink, const journal::JournalOptions& options) = 0;
  virtual UserStore& users() = 0;
  virtual RoomStore& rooms() = 0;
  virtual HistoryStore& history() = 0;
  virtual std::string url() const { return {}; }  // PostgreSQL's

  Principal user(const std::string& name);
  RoomId room(const Principal& creator, RoomKind kind = RoomKind::public_room);
  std::vector<Event> replay(const FeedKey& feed);  // everything, by pages
  std::vector<Event> replay(RoomId room) { return replay(FeedKey::room(room)); }
  // A connection beside the stores, to spoil something or look behind them; null: memory.
  virtual std::unique_ptr<sql::Connection> connect_beside() { return nullptr; }
};

// A PostgreSQL writer source on another address than the world's (a proxy's port).
storage::PgWriterSource writers_at(std::string url,
                                   std::chrono::milliseconds answer_timeout = std::chrono::seconds(15));
std::string with_port(const std::string& url, int port);
int port_of(const std::string& url);

// Remembers every commit and checks each room's order on the way. Users' feeds may come out of order between lanes.
class Recorder final : public CommitSink {
 public:
  void on_commit(const Commit& commit) override;
  std::vector<Event> of(const FeedKey& feed) const;  // in seq order
  std::vector<Event> of(RoomId room) const { return of(FeedKey::room(room)); }
  bool in_order() const;

 private:
  mutable std::mutex mutex_;
  std::map<FeedKey, std::vector<Event>> feeds_;
  bool in_order_ = true;
};

AppendMessage text(RoomId room, const Principal& author, std::string content);
using Pending = std::future<Result<Stored>>;
Pending append(Journal& journal, AppendMessage message);  // tries again while the queue is full
Pending execute(Journal& journal, RoomId room, const Principal& actor, decltype(FeedCommand::change) change);
Pending execute(Journal& journal, UserId user, decltype(UserCommand::change) change);
Errc code(Result<Stored> result);  // internal for a success

void expect_gap_free(const std::vector<Event>& events);
bool same(const Event& a, const Event& b);

}  // namespace chat::contract
