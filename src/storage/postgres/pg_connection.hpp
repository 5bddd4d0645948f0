// sql::Connection on raw libpq: binary parameters and results, statements prepared once per connection.
#pragma once

#include "storage/sql_connection.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

struct pg_conn;
struct pg_result;

namespace chat::sql {

enum class PgRole : std::uint8_t {
  reader,
  page_reader,  // a reader of few statements, all served by indexes whatever the parameters: planned once, not per run
  writer,       // data-model.md's settings: what it commits is on disk, and it never waits long for a lock
};

struct PgOptions {
  std::string url{};  // postgresql://user:password@host:port/database, or libpq's key=value form
  PgRole role = PgRole::reader;
  std::chrono::seconds connect_timeout{2};
  std::chrono::milliseconds tcp_user_timeout{5000};
  std::chrono::milliseconds statement_timeout{10000};
  std::chrono::milliseconds lock_timeout{2000};
  // For an answer, COMMIT's included; longer than statement_timeout, so that the server speaks first if it lives. Then
  // the connection is broken, and whether a COMMIT happened is not known. 0: none.
  std::chrono::milliseconds answer_timeout{15000};
  std::string synchronous_commit = "on";  // anything less loses commits at a power cut: for control runs only
};

// Counts a database's lives; what belongs to an earlier one is not used again.
using PgLifetime = std::shared_ptr<std::atomic<std::uint64_t>>;

// "host:port/database" without user or password: for logs and sentences.
std::string describe_target(std::string_view url);

class PgConnection final : public Connection {
 public:
  // cause connection_lost when the server cannot be reached, is starting or shutting down, or refuses us; its message
  // says why. Refuses a server encoding other than UTF8.
  static Outcome<std::unique_ptr<PgConnection>> open(const PgOptions& options);
  ~PgConnection() override;
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  Dialect dialect() const override { return Dialect::postgres; }
  Outcome<std::int64_t> run(const Query& query, std::span<const Value> params, RowVisitor visit) override;
  // A pipeline; what a failure made the server skip goes into another one.
  std::vector<Outcome<std::int64_t>> run_each(const Query& query, std::span<const std::vector<Value>> sets,
                                              RowsVisitor visit) override;
  Outcome<void> script(std::string_view sql) override;
  Outcome<void> begin(Access access) override;
  // A commit counts only with the command tag COMMIT: that of a failed transaction "succeeds" with the tag ROLLBACK.
  // connection_lost means an unknown outcome; also after a warning (see warned()) and after no answer in time.
  Outcome<void> commit() override;
  void rollback() noexcept override;
  bool in_transaction() const noexcept override;
  bool broken() const noexcept override;

  // For pipelines (the journal). Whoever uses it leaves it out of pipeline mode and idle, or calls mark_broken().
  pg_conn* native() const { return connection_; }
  void mark_broken() noexcept { broken_ = true; }
  // Broken as soon as `lifetime` counts on.
  void live_as_long_as(PgLifetime lifetime);
  bool outlived() const noexcept { return lifetime_ && lifetime_->load() != born_in_; }

  using Clock = std::chrono::steady_clock;
  Clock::time_point answer_deadline() const;
  // Sends what is left to send and waits until a result can be taken without blocking, or the connection's loss can be
  // read from it. False: `deadline` has passed first; the connection is broken.
  bool await_result(Clock::time_point deadline);
  // Has the server warned since the last call? A COMMIT that was cancelled while it waited for its standby still
  // answers COMMIT, and says only so that nobody else has it.
  bool take_warning() noexcept { return std::exchange(warned_, false); }

  // The statement's name on this connection, prepared on first use with the parameters' types; not in a pipeline.
  Outcome<std::string> prepared_name(const Query& query, std::span<const Value> params);

 private:
  explicit PgConnection(pg_conn* connection) : connection_(connection) {}
  Failure failure(const pg_result* result);
  bool send_each(const std::string& name, std::span<const std::vector<Value>> sets);
  std::size_t receive_each(std::span<Outcome<std::int64_t>> out, std::size_t first, RowsVisitor visit);
  // The last result of what was `sent`, as PQexec has it; null when no answer came in time.
  pg_result* finish(int sent);
  static void on_notice(void* connection, const pg_result* notice);

  pg_conn* connection_;
  std::chrono::milliseconds answer_timeout_{0};
  bool broken_ = false, warned_ = false, late_ = false;
  PgLifetime lifetime_;
  std::uint64_t born_in_ = 0;                 // as lifetime_ counted then
  std::unordered_set<const char*> prepared_;  // by the address of the text
};

// Parameters in libpq's arrays, all binary; lives until the call that takes them returns.
class PgParams {
 public:
  explicit PgParams(std::span<const Value> params);
  int count() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }
  const unsigned* types() const { return types_.data(); }

 private:
  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
  std::vector<unsigned> types_;
  std::vector<std::array<char, 16>> scratch_;
};

// Row `index` of a binary result.
class PgRow final : public Row {
 public:
  PgRow(const pg_result* result, int index) : result_(result), index_(index) {}
  bool is_null(int column) const override;
  std::int64_t integer(int column) const override;
  bool boolean(int column) const override;
  std::string_view text(int column) const override;
  Uuid uuid(int column) const override;
  Timestamp time(int column) const override;

 private:
  const pg_result* result_;
  int index_;
};

// Classifies a result (or, without one, the connection's state) that is no success.
Failure pg_failure(const pg_conn* connection, const pg_result* result);

}  // namespace chat::sql
