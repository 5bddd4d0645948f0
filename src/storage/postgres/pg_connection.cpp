#include "storage/postgres/pg_connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace chat::sql {
namespace {

constexpr Oid kBool = 16, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kOid = 26, kVarchar = 1043;
constexpr Oid kTimestamp = 1114, kTimestamptz = 1184, kUuid = 2950, kChar = 1042;
constexpr std::int64_t kMicrosTo2000 = 946'684'800'000'000;  // PostgreSQL counts from 2000-01-01

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Clear>;

void write_be64(std::int64_t value, char* out) noexcept {
  const auto bits = static_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(bits >> (56 - 8 * i));
}

std::int64_t read_be(const char* in, int size) noexcept {
  std::uint64_t bits = (in[0] & 0x80) ? ~std::uint64_t{0} : 0;  // the sign goes all the way up
  for (int i = 0; i < size; ++i) bits = bits << 8 | static_cast<unsigned char>(in[i]);
  return static_cast<std::int64_t>(bits);
}

Cause cause_of(std::string_view state) noexcept {
  if (state == "23505") return Cause::unique;
  if (state.starts_with("23")) return Cause::constraint;
  if (state.starts_with("22")) return Cause::data;
  if (state == "40001" || state == "40P01" || state == "55P03" || state == "53200") return Cause::busy;
  if (state == "57014") return Cause::timeout;
  if (state == "53100") return Cause::disk_full;
  // 08: connection; 57P: shutting down, starting, dropped; 53: too many connections; 25P03: idle in a transaction
  if (state.starts_with("08") || state.starts_with("57P") || state.starts_with("53") || state == "25P03")
    return Cause::connection_lost;
  // Refused at the door: wrong password, no such database, no right to connect.
  if (state.starts_with("28") || state.starts_with("3D")) return Cause::connection_lost;
  if (state.starts_with("58")) return Cause::io_error;
  if (state == "XX001" || state == "XX002") return Cause::corrupt;
  if (state == "25006") return Cause::read_only;
  return Cause::bug;
}

std::string first_line(const char* text) {
  std::string_view all = text ? text : "";
  while (!all.empty() && (all.back() == '\n' || all.back() == ' ')) all.remove_suffix(1);
  std::string out(all);
  for (char& c : out)
    if (c == '\n' || c == '\t') c = ' ';
  return out;
}

Oid type_of(const Value& value) {
  switch (value.type()) {
    case Value::Type::integer:
      return kInt8;
    case Value::Type::boolean:
      return kBool;
    case Value::Type::text:
      return kText;
    case Value::Type::uuid:
      return kUuid;
    case Value::Type::time:
      return kTimestamptz;
    case Value::Type::binary:
      return value.oid();
  }
  return 0;
}

bool is_success(const PGresult* result) {
  const auto status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

// What every connection of ours sets: answers in UTC, limits on waiting. Sent with the start-up packet, so that it
// costs no round trip.
std::string session_settings(const PgOptions& options) {
  const auto milliseconds = [](auto time) { return std::to_string(time.count()); };
  std::string out = "-c TimeZone=UTC -c DateStyle=ISO -c client_min_messages=warning -c extra_float_digits=1";
  out += " -c statement_timeout=" + milliseconds(options.statement_timeout);
  out += " -c lock_timeout=" + milliseconds(options.lock_timeout);
  out += " -c idle_in_transaction_session_timeout=5000 -c default_transaction_isolation=read\\ committed";
  // Left to itself the planner compares a range it knows ("10 rows") with one it does not (0.5% of the room), and plans
  // every single run anew, which costs many times the run. A plan kept for ever must not be that of a table that was
  // small once, so: indexes, always.
  if (options.role == PgRole::page_reader)
    out += " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off";
  if (options.role == PgRole::writer) out += " -c synchronous_commit=" + options.synchronous_commit;
  return out;
}

constexpr Query kBeginRead{"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};

}  // namespace

Failure pg_failure(const PGconn* connection, const PGresult* result) {
  Failure out;
  const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  if (state) {
    out.code = state;
    out.cause = cause_of(state);
    if (const char* name = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME)) out.constraint = name;
    out.message = first_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  } else {
    // No answer of the server's: the connection, or memory, is gone.
    out.cause = Cause::connection_lost;
    out.message = first_line(PQerrorMessage(connection));
  }
  if (connection && PQstatus(connection) == CONNECTION_BAD) out.cause = Cause::connection_lost;
  return out;
}

namespace {

struct ParsedUrl {
  std::string host = "localhost", port = "5432", name, options;
};

// None: libpq cannot read it. Its own sentence would quote what it could not read, and so perhaps a password.
std::optional<ParsedUrl> parse_url(std::string_view url) {
  char* error = nullptr;
  PQconninfoOption* options = PQconninfoParse(std::string(url).c_str(), &error);
  if (error) PQfreemem(error);
  if (!options) return std::nullopt;
  ParsedUrl out;
  for (const PQconninfoOption* o = options; o->keyword; ++o) {
    if (!o->val || !*o->val) continue;
    if (std::strcmp(o->keyword, "host") == 0) out.host = o->val;
    if (std::strcmp(o->keyword, "port") == 0) out.port = o->val;
    if (std::strcmp(o->keyword, "dbname") == 0) out.name = o->val;
    if (std::strcmp(o->keyword, "options") == 0) out.options = o->val;
  }
  PQconninfoFree(options);
  return out;
}

}  // namespace

std::string describe_target(std::string_view url) {
  const auto parsed = parse_url(url);
  return parsed ? parsed->host + ":" + parsed->port + "/" + parsed->name : "the database";
}

Outcome<std::unique_ptr<PgConnection>> PgConnection::open(const PgOptions& options) {
  const auto parsed = parse_url(options.url);
  if (!parsed) return Failure{Cause::bug, {}, {}, "DATABASE_URL cannot be read: is everything in it percent-encoded?"};
  // What the URL asks for holds, unless it is one of ours: the later word wins.
  const std::string settings = (parsed->options.empty() ? "" : parsed->options + " ") + session_settings(options);
  const std::string connect = std::to_string(options.connect_timeout.count());
  const std::string user_timeout = std::to_string(options.tcp_user_timeout.count());
  // "dbname" takes a whole URL when it is expanded; what stands in the URL goes before what stands before it here.
  const char* const keys[] = {"connect_timeout",
                              "tcp_user_timeout",
                              "keepalives",
                              "keepalives_idle",
                              "keepalives_interval",
                              "keepalives_count",
                              "client_encoding",
                              "fallback_application_name",
                              "dbname",
                              "options",
                              nullptr};
  const char* const values[] = {connect.c_str(),     user_timeout.c_str(), "1",    "5", "2", "3", "UTF8", "chatd",
                                options.url.c_str(), settings.c_str(),     nullptr};
  auto connection = std::unique_ptr<PgConnection>(new PgConnection(PQconnectdbParams(keys, values, 1)));
  if (PQstatus(connection->connection_) != CONNECTION_OK) {
    connection->broken_ = true;
    return Failure{Cause::connection_lost, {}, {}, first_line(PQerrorMessage(connection->connection_))};
  }
  PQsetNoticeReceiver(connection->connection_, on_notice, connection.get());
  PQsetnonblocking(connection->connection_, 1);
  connection->answer_timeout_ = options.answer_timeout;
  const char* encoding = PQparameterStatus(connection->connection_, "server_encoding");
  if (!encoding || std::strcmp(encoding, "UTF8") != 0)
    return Failure{Cause::bug,
                   {},
                   {},
                   "the database's encoding is " + std::string(encoding ? encoding : "unknown") +
                       ": make one with ENCODING 'UTF8'"};
  return connection;
}

PgConnection::~PgConnection() { PQfinish(connection_); }

// Only what was warned of counts: 01000 by whoever cancelled a COMMIT's wait for its standby, 57P01 by a shutdown.
void PgConnection::on_notice(void* connection, const PGresult* notice) {
  const char* state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
  const std::string_view code = state ? state : "";
  if (code.starts_with("01") || code.starts_with("57P")) static_cast<PgConnection*>(connection)->warned_ = true;
}

void PgConnection::live_as_long_as(PgLifetime lifetime) {
  lifetime_ = std::move(lifetime);
  born_in_ = lifetime_->load();
}

PgConnection::Clock::time_point PgConnection::answer_deadline() const {
  return answer_timeout_.count() > 0 ? Clock::now() + answer_timeout_ : Clock::time_point::max();
}

bool PgConnection::await_result(Clock::time_point deadline) {
  using std::chrono::milliseconds;
  while (true) {
    const int unsent = PQflush(connection_);
    if (unsent < 0 || PQisBusy(connection_) == 0 || PQsocket(connection_) < 0) return true;
    pollfd socket{PQsocket(connection_), static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN), 0};
    int wait = -1;
    if (deadline != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
      if (left.count() <= 0) {
        broken_ = late_ = true;
        return false;
      }
      wait = static_cast<int>(std::min<std::int64_t>(left.count(), 1000));
    }
    if (::poll(&socket, 1, wait) < 0 && errno != EINTR) return true;
    if ((socket.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_) == 0) return true;
  }
}

PGresult* PgConnection::finish(int sent) {
  PGresult* last = nullptr;
  if (sent == 0) return nullptr;
  const auto deadline = answer_deadline();
  while (await_result(deadline)) {
    PGresult* next = PQgetResult(connection_);
    if (!next) return last;
    // Of several the first that failed is the one to tell.
    if (last && !is_success(last) && is_success(next)) {
      PQclear(next);
      continue;
    }
    PQclear(last);
    last = next;
  }
  PQclear(last);
  return nullptr;
}

Failure PgConnection::failure(const PGresult* result) {
  if (!result && late_) return Failure{Cause::connection_lost, {}, {}, "the server does not answer"};
  Failure out = pg_failure(connection_, result);
  // A plan that no longer fits its tables, or a statement somebody deallocated: a new connection has neither.
  if (out.cause == Cause::connection_lost || out.code == "0A000" || out.code == "26000") broken_ = true;
  return out;
}

Outcome<std::string> PgConnection::prepared_name(const Query& query, std::span<const Value> params) {
  char name[32];
  std::snprintf(name, sizeof name, "q%zx", reinterpret_cast<std::size_t>(query.postgres.data()));
  if (prepared_.contains(query.postgres.data())) return std::string(name);
  std::vector<Oid> types;
  for (const Value& value : params) types.push_back(type_of(value));
  const std::string text(query.postgres);
  const ResultPtr result(
      finish(PQsendPrepare(connection_, name, text.c_str(), static_cast<int>(types.size()), types.data())));
  if (!is_success(result.get())) return failure(result.get());
  prepared_.insert(query.postgres.data());
  return std::string(name);
}

Outcome<std::int64_t> PgConnection::run(const Query& query, std::span<const Value> params, RowVisitor visit) {
  const auto name = prepared_name(query, params);
  if (!name) return name.error();
  const PgParams bound(params);
  const ResultPtr result(finish(PQsendQueryPrepared(connection_, name->c_str(), bound.count(), bound.values(),
                                                    bound.lengths(), bound.formats(), 1)));
  if (!is_success(result.get())) return failure(result.get());
  const int rows = PQntuples(result.get());
  for (int i = 0; i < rows; ++i)
    if (!visit(PgRow(result.get(), i))) break;
  const char* changed = PQcmdTuples(result.get());
  return *changed ? std::strtoll(changed, nullptr, 10) : rows;
}

Outcome<void> PgConnection::script(std::string_view sql) {
  const std::string text(sql);
  const ResultPtr result(finish(PQsendQuery(connection_, text.c_str())));
  if (!is_success(result.get())) return failure(result.get());
  return {};
}

Outcome<void> PgConnection::begin(Access access) {
  return script(access == Access::write ? std::string_view("BEGIN") : kBeginRead.postgres);
}

Outcome<void> PgConnection::commit() {
  warned_ = false;
  const ResultPtr result(finish(PQsendQuery(connection_, "COMMIT")));
  if (!is_success(result.get())) return failure(result.get());
  if (std::strcmp(PQcmdStatus(result.get()), "COMMIT") != 0)
    return Failure{Cause::bug, {}, "25P02", "COMMIT ended a failed transaction"};
  if (warned_) {
    broken_ = true;
    return Failure{Cause::connection_lost, {}, "01000", "the commit was cut short and may be on this server only"};
  }
  return {};
}

void PgConnection::rollback() noexcept {
  if (!in_transaction() || broken_) return;  // without it the server rolls back by itself
  const ResultPtr result(finish(PQsendQuery(connection_, "ROLLBACK")));
  if (!is_success(result.get())) broken_ = true;
}

bool PgConnection::in_transaction() const noexcept {
  const auto status = PQtransactionStatus(connection_);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

bool PgConnection::broken() const noexcept { return broken_ || PQstatus(connection_) != CONNECTION_OK || outlived(); }

PgParams::PgParams(std::span<const Value> params) : scratch_(params.size()) {
  values_.reserve(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) {
    const Value& value = params[i];
    char* scratch = scratch_[i].data();
    const char* bytes = scratch;
    std::size_t size = 8;
    switch (value.type()) {
      case Value::Type::integer:
        write_be64(value.number(), scratch);
        break;
      case Value::Type::time:
        write_be64(value.number() - kMicrosTo2000, scratch);
        break;
      case Value::Type::boolean:
        *scratch = static_cast<char>(value.number() != 0);
        size = 1;
        break;
      case Value::Type::uuid:
        std::memcpy(scratch, value.uuid().bytes.data(), 16);
        size = 16;
        break;
      case Value::Type::text:
      case Value::Type::binary:
        bytes = value.bytes().data() ? value.bytes().data() : "";
        size = value.bytes().size();
        break;
    }
    values_.push_back(value.is_null() ? nullptr : bytes);
    lengths_.push_back(static_cast<int>(size));
    formats_.push_back(1);
    types_.push_back(type_of(value));
  }
}

bool PgRow::is_null(int c) const { return PQgetisnull(result_, index_, c) != 0; }

std::int64_t PgRow::integer(int c) const {
  const Oid type = PQftype(result_, c);
  const bool known = type == kInt8 || type == kInt4 || type == kInt2 || type == kOid;
  if (!known || is_null(c)) throw std::logic_error("a column is no integer");
  return read_be(PQgetvalue(result_, index_, c), PQgetlength(result_, index_, c));
}

bool PgRow::boolean(int c) const {
  if (PQftype(result_, c) != kBool || is_null(c)) throw std::logic_error("a column is no boolean");
  return *PQgetvalue(result_, index_, c) != 0;
}

std::string_view PgRow::text(int c) const {
  const Oid type = PQftype(result_, c);
  if (type != kText && type != kVarchar && type != kName && type != kChar)
    throw std::logic_error("a column is no text");
  return {PQgetvalue(result_, index_, c), static_cast<std::size_t>(PQgetlength(result_, index_, c))};
}

Uuid PgRow::uuid(int c) const {
  if (PQftype(result_, c) != kUuid || is_null(c)) throw std::logic_error("a column is no uuid");
  Uuid out;
  std::memcpy(out.bytes.data(), PQgetvalue(result_, index_, c), 16);
  return out;
}

Timestamp PgRow::time(int c) const {
  const Oid type = PQftype(result_, c);
  if ((type != kTimestamptz && type != kTimestamp) || is_null(c)) throw std::logic_error("a column is no time");
  return Timestamp{std::chrono::microseconds{read_be(PQgetvalue(result_, index_, c), 8) + kMicrosTo2000}};
}

}  // namespace chat::sql
