#include "storage/sql_connection.hpp"

#include <stdexcept>

namespace chat::sql {

const char* to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::unique:
      return "unique violation";
    case Cause::constraint:
      return "constraint violation";
    case Cause::data:
      return "data error";
    case Cause::busy:
      return "lock conflict";
    case Cause::timeout:
      return "time-out";
    case Cause::connection_lost:
      return "connection lost";
    case Cause::disk_full:
      return "disk full";
    case Cause::io_error:
      return "I/O error";
    case Cause::corrupt:
      return "corruption";
    case Cause::read_only:
      return "read-only database";
    case Cause::bug:
      return "statement error";
  }
  return "";
}

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::runtime_error(std::string("database: ") + to_string(failure.cause) + " " + failure.code);
}

Error to_error(const Failure& failure) {
  Errc code = Errc::internal;
  switch (failure.cause) {
    case Cause::busy:
    case Cause::timeout:
    case Cause::connection_lost:
    case Cause::disk_full:
    case Cause::read_only:
      code = Errc::unavailable;
      break;
    case Cause::data:
      code = Errc::invalid;
      break;
    case Cause::unique:
    case Cause::constraint:
      code = Errc::conflict;
      break;
    case Cause::io_error:
    case Cause::corrupt:
    case Cause::bug:
      break;
  }
  std::string message = std::string("database: ") + to_string(failure.cause);
  if (!failure.code.empty()) message += " (" + failure.code + ")";
  if (!failure.constraint.empty()) message += " of " + failure.constraint;
  return {code, std::move(message)};
}

std::vector<Outcome<std::int64_t>> Connection::run_each(const Query& query, std::span<const std::vector<Value>> sets,
                                                        RowsVisitor visit) {
  std::vector<Outcome<std::int64_t>> out;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    auto one = [&](const Row& row) { return visit(i, row); };
    out.push_back(run(query, sets[i], RowVisitor(one)));
  }
  return out;
}

Outcome<Transaction> Transaction::begin(Connection& connection, Access access) {
  if (auto begun = connection.begin(access); !begun) return begun.error();
  return Transaction(connection);
}

Outcome<void> Transaction::commit() {
  Connection* connection = std::exchange(connection_, nullptr);
  auto done = connection->commit();
  if (!done && connection->in_transaction()) connection->rollback();
  return done;
}

}  // namespace chat::sql
