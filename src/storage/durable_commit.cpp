#include "storage/durable_commit.hpp"

#include "telemetry/log.hpp"

#include <cstdlib>

namespace chat::storage {

void stop_after_io_error(const std::string& reason) {
  log_error("io_error_at_commit", {{"reason", reason}});
  stop_logging();
  std::_Exit(70);
}

Result<void> commit_durably(sql::Transaction& transaction) {
  const sql::Dialect dialect = transaction.dialect();
  const auto done = transaction.commit();
  if (done) return {};
  switch (done.error().cause) {
    case sql::Cause::io_error:
    case sql::Cause::corrupt:
      // PostgreSQL has decided by itself, and its error means "not committed"; SQLite leaves it to the next start.
      if (dialect == sql::Dialect::postgres) return sql::to_error(done.error());
      stop_after_io_error(sql::to_error(done.error()).message);
    case sql::Cause::connection_lost:
      return Error{Errc::outcome_unknown, "the database's connection was lost at the commit"};
    default:
      return sql::to_error(done.error());
  }
}

}  // namespace chat::storage
