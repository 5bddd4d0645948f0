// sql::Connection on raw sqlite3: WAL, ids as 32 hex characters, times as text (sql_time.hpp).
#pragma once

#include "storage/sql_connection.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace chat::sql {

enum class SqliteRole : std::uint8_t {
  reader,        // query_only
  writer,        // the process's one writer: wal_autocheckpoint=0
  checkpointer,  // writes nothing of its own
};

struct SqliteOptions {
  std::string path{};  // ":memory:" is not for this: each connection would have its own
  std::string vfs{};   // empty: the system's own
  SqliteRole role = SqliteRole::writer;
  bool create = false;               // make the file when it is not there
  bool wal = true;                   // false: leave the file's mode as it is (looking at a stranger's database)
  std::string synchronous = "FULL";  // NORMAL and OFF lose commits at a power cut: for control runs only
  std::chrono::milliseconds busy_timeout{5000};
  std::int64_t mmap_bytes = 256LL << 20;  // readers only; 0: none
  std::int64_t cache_kib = 16 * 1024;
  // Readers: a transaction, or a statement outside of one, that takes longer ends with Cause::timeout: it would keep
  // the log from starting over. 0: no limit.
  std::chrono::milliseconds read_limit{1000};
};

class SqliteConnection final : public Connection {
 public:
  static Outcome<std::unique_ptr<SqliteConnection>> open(const SqliteOptions& options);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Dialect dialect() const override { return Dialect::sqlite; }
  Outcome<std::int64_t> run(const Query& query, std::span<const Value> params, RowVisitor visit) override;
  Outcome<void> script(std::string_view sql) override;
  Outcome<void> begin(Access access) override;
  Outcome<void> commit() override;
  void rollback() noexcept override;
  bool in_transaction() const noexcept override;
  bool broken() const noexcept override { return broken_; }

  // Copies what the log holds into the file as far as readers allow, waiting for nobody. Answers the log's frames and
  // how many of them are in the file.
  struct Checkpoint {
    int log_frames = 0;
    int copied_frames = 0;
  };
  Outcome<Checkpoint> checkpoint_passive();
  // For closing down: everything into the file and the log truncated, when nobody else is reading.
  Outcome<void> checkpoint_truncate();

  sqlite3* native() const { return db_; }

 private:
  struct Prepared {
    sqlite3_stmt* statement = nullptr;
    std::vector<int> parameter;                 // $n -> sqlite3's index, 0 when unused
    std::vector<std::array<char, 32>> scratch;  // texts of ids and times while bound
  };
  explicit SqliteConnection(sqlite3* db) : db_(db) {}

  Outcome<void> configure(const SqliteOptions& options);
  Outcome<Prepared*> prepare(std::string_view text);
  static void map_parameters(Prepared& prepared);
  bool bind(Prepared& prepared, std::span<const Value> params);
  Failure failure();
  std::string violated_index(std::string_view columns);
  static int on_progress(void* connection);

  sqlite3* db_;
  bool broken_ = false;
  std::chrono::milliseconds read_limit_{0};
  std::chrono::steady_clock::time_point read_until_{};
  std::unordered_map<const char*, Prepared> prepared_;  // by the address of the text
};

}  // namespace chat::sql
