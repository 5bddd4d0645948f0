// Transactions of the stores, with COMMIT's two special answers told apart.
#pragma once

#include "storage/sql_connection.hpp"

#include <string>

namespace chat::storage {

// Ends the process, as PostgreSQL does: after an I/O error at commit only recovery knows what was stored.
[[noreturn]] void stop_after_io_error(const std::string& reason);

// Connection lost: outcome_unknown. I/O error or corruption: the process ends. The rest: sql::to_error.
Result<void> commit_durably(sql::Transaction& transaction);

// Runs `work(sql::Connection&) -> Result<T>` in a write transaction and commits it unless it fails.
template <class F>
auto in_write_transaction(sql::Connection& connection, F&& work) -> std::invoke_result_t<F&, sql::Connection&> {
  auto transaction = sql::Transaction::begin(connection, sql::Access::write);
  if (!transaction) return sql::to_error(transaction.error());
  auto done = work(connection);
  if (!done) return done;
  if (auto committed = commit_durably(*transaction); !committed) return committed.error();
  return done;
}

}  // namespace chat::storage
