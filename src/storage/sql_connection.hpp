// One database connection, thin: prepared statements, typed parameters, rows, transactions. Two implementations:
// raw sqlite3 (sqlite/sqlite_connection.hpp) and raw libpq (postgres/pg_connection.hpp).
//
// Home: used by one thread at a time (a pool leases it, or a lane owns it); nothing here is thread-safe.
// Statements use $1, $2, ... in both dialects and are prepared once per connection, keyed by the address of their
// text: a Query must refer to constants (generated/storage_sql.hpp), never to a string made at run time.
#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace chat::sql {

enum class Dialect : std::uint8_t { sqlite, postgres };

// Why the database said no, as far as callers tell cases apart.
enum class Cause : std::uint8_t {
  unique,           // `constraint` says which
  constraint,       // another constraint: not null, check, foreign key
  data,             // the values cannot be stored (class 22)
  busy,             // lock time-out, serialization failure, deadlock, SQLITE_BUSY: retry the transaction
  timeout,          // statement_timeout or cancelled: nothing happened
  connection_lost,  // gone, or never came; at COMMIT the outcome is unknown
  disk_full,        // nothing was stored; heals when there is space
  io_error,         // read or write failed: at commit, end the process
  corrupt,          // the file or an index is damaged
  read_only,        // a standby, or a read-only file
  bug,              // our statement or schema is wrong
};
const char* to_string(Cause cause) noexcept;

struct Failure {
  Cause cause = Cause::bug;
  std::string constraint;  // of unique and constraint: its name as in the migrations
  std::string code;        // SQLSTATE, or SQLite's extended code as a number
  std::string message;     // the database's first line; may quote values: for logs, never for clients
};

template <class T>
using Outcome = boost::system::result<T, Failure>;
[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location&);

// busy, timeout, connection_lost, disk_full, read_only: unavailable; data: invalid; unique, constraint: conflict;
// the rest: internal. The message names the cause and code, never a value.
Error to_error(const Failure& failure);

// A statement in both dialects; equal texts when one serves both.
struct Query {
  std::string_view sqlite;
  std::string_view postgres;
  constexpr explicit Query(std::string_view both) : sqlite(both), postgres(both) {}
  constexpr Query(std::string_view lite, std::string_view pg) : sqlite(lite), postgres(pg) {}
};

// A parameter: typed even when null, and not owning; what it refers to lives until the call returns.
class Value {
 public:
  enum class Type : std::uint8_t { integer, boolean, text, uuid, time, binary };

  Value(std::int64_t v) : type_(Type::integer), number_(v) {}  // NOLINT(google-explicit-constructor): a list of them
  Value(int v) : Value(static_cast<std::int64_t>(v)) {}
  Value(bool v) : type_(Type::boolean), number_(v) {}
  Value(std::string_view v) : type_(Type::text), bytes_(v) {}
  Value(const std::string& v) : Value(std::string_view(v)) {}
  Value(const char* v) : Value(std::string_view(v)) {}
  Value(const Uuid& v) : type_(Type::uuid), uuid_(v) {}
  Value(Timestamp v) : type_(Type::time), number_(v.time_since_epoch().count()) {}
  template <class Tag>
  Value(const StrongId<Tag>& v) : Value(v.value) {}
  template <class Tag>
  Value(StrongInt<Tag> v) : Value(v.value) {}
  template <class T>
  Value(const std::optional<T>& v) : Value(v ? Value(*v) : Value(T{}).as_null()) {}

  // PostgreSQL only: a value already in its binary format (arrays: postgres/pg_array.hpp).
  static Value binary(std::uint32_t oid, std::string_view bytes) {
    Value v(bytes);
    v.type_ = Type::binary;
    v.oid_ = oid;
    return v;
  }

  Type type() const { return type_; }
  bool is_null() const { return null_; }
  std::int64_t number() const { return number_; }  // integer, boolean, time (microseconds since 1970)
  std::string_view bytes() const { return bytes_; }
  const Uuid& uuid() const { return uuid_; }
  std::uint32_t oid() const { return oid_; }

 private:
  Value as_null() const {
    Value v = *this;
    v.null_ = true;
    return v;
  }
  Type type_;
  bool null_ = false;
  std::uint32_t oid_ = 0;
  std::int64_t number_ = 0;
  std::string_view bytes_;
  Uuid uuid_;
};

// The row a statement stands on; valid (views included) only inside the visitor. Columns count from 0. Reading a column
// as a type it does not have, or a null as anything but text (empty), is a bug and throws.
class Row {
 public:
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual bool boolean(int column) const = 0;
  virtual std::string_view text(int column) const = 0;
  virtual Uuid uuid(int column) const = 0;
  virtual Timestamp time(int column) const = 0;

  std::optional<std::string> optional_text(int c) const {
    return is_null(c) ? std::nullopt : std::optional<std::string>(text(c));
  }
  std::optional<Timestamp> optional_time(int c) const {
    return is_null(c) ? std::nullopt : std::optional<Timestamp>(time(c));
  }
  std::optional<std::int64_t> optional_integer(int c) const {
    return is_null(c) ? std::nullopt : std::optional<std::int64_t>(integer(c));
  }
  std::optional<Uuid> optional_uuid(int c) const { return is_null(c) ? std::nullopt : std::optional<Uuid>(uuid(c)); }

 protected:
  ~Row() = default;
};

// A reference to a callable, for the length of a call. False ends the reading early.
class RowVisitor {
 public:
  template <class F>
  explicit RowVisitor(F& f)
      : object_(&f), call_([](void* object, const Row& row) {
          F& visit = *static_cast<F*>(object);
          if constexpr (std::is_same_v<std::invoke_result_t<F&, const Row&>, bool>)
            return visit(row);
          else
            return visit(row), true;
        }) {}
  bool operator()(const Row& row) const { return call_(object_, row); }

 private:
  void* object_;
  bool (*call_)(void*, const Row&);
};

// The same for rows of several runs: `which` of them, counted from 0.
class RowsVisitor {
 public:
  template <class F>
  explicit RowsVisitor(F& f)
      : object_(&f), call_([](void* object, std::size_t which, const Row& row) -> bool {
          return (*static_cast<F*>(object))(which, row);
        }) {}
  bool operator()(std::size_t which, const Row& row) const { return call_(object_, which, row); }

 private:
  void* object_;
  bool (*call_)(void*, std::size_t, const Row&);
};

// read: one snapshot for all statements (SQLite BEGIN; PostgreSQL repeatable read, read only).
// write: SQLite BEGIN IMMEDIATE; PostgreSQL read committed.
enum class Access : std::uint8_t { read, write };

class Connection {
 public:
  virtual ~Connection() = default;

  virtual Dialect dialect() const = 0;

  // Runs a statement, calling `visit` for each row. Answers the rows changed, or read when it changes none.
  // Not reentrant for the same Query (from inside its own visitor); other statements may run there on SQLite only.
  virtual Outcome<std::int64_t> run(const Query& query, std::span<const Value> params, RowVisitor visit) = 0;
  // One statement, which only reads, with several sets of parameters; outside a transaction. Each run has its own
  // snapshot, time limit and outcome (in the order of the sets); runs that a lost connection left without an answer
  // are connection_lost. PostgreSQL: one exchange with the server, as long as none fails.
  virtual std::vector<Outcome<std::int64_t>> run_each(const Query& query, std::span<const std::vector<Value>> sets,
                                                      RowsVisitor visit);
  // Statements separated by semicolons, without parameters, not prepared: migrations. Text may be made at run time.
  virtual Outcome<void> script(std::string_view sql) = 0;

  virtual Outcome<void> begin(Access access) = 0;
  virtual Outcome<void> commit() = 0;  // after any failure the transaction is over, or the connection broken
  virtual void rollback() noexcept = 0;
  virtual bool in_transaction() const noexcept = 0;
  // True once the connection cannot be used again: throw it away.
  virtual bool broken() const noexcept = 0;

  template <class F>
  Outcome<std::int64_t> each(const Query& query, std::initializer_list<Value> params, F&& visit) {
    return run(query, {params.begin(), params.size()}, RowVisitor(visit));
  }
  Outcome<std::int64_t> execute(const Query& query, std::initializer_list<Value> params = {}) {
    auto ignore = [](const Row&) {};
    return run(query, {params.begin(), params.size()}, RowVisitor(ignore));
  }
};

// Rolls back unless committed.
class Transaction {
 public:
  static Outcome<Transaction> begin(Connection& connection, Access access);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (connection_) connection_->rollback();
  }
  Outcome<void> commit();
  Dialect dialect() const { return connection_->dialect(); }  // before commit

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace chat::sql
