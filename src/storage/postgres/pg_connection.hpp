// sql::Connection on raw libpq: binary parameters and results, statements prepared once per connection.
#pragma once

#include "storage/sql_connection.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>
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
  std::string synchronous_commit = "on";  // anything less loses commits at a power cut: for control runs only
};

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
  Outcome<void> commit() override;
  void rollback() noexcept override;
  bool in_transaction() const noexcept override;
  bool broken() const noexcept override;

  // For pipelines (the journal). Whoever uses it leaves it out of pipeline mode and idle, or calls mark_broken().
  pg_conn* native() const { return connection_; }
  void mark_broken() noexcept { broken_ = true; }

  // The statement's name on this connection, prepared on first use with the parameters' types; not in a pipeline.
  Outcome<std::string> prepared_name(const Query& query, std::span<const Value> params);

 private:
  explicit PgConnection(pg_conn* connection) : connection_(connection) {}
  Failure failure(const pg_result* result);
  bool send_each(const std::string& name, std::span<const std::vector<Value>> sets);
  std::size_t receive_each(std::span<Outcome<std::int64_t>> out, std::size_t first, RowsVisitor visit);

  pg_conn* connection_;
  bool broken_ = false;
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
