#include "storage/journal/pg_flight.hpp"

#include <libpq-fe.h>

#include <cstring>
#include <utility>

namespace chat::journal {

using sql::Cause;
using sql::Failure;

void PgFlight::Clear::operator()(pg_result* result) const { PQclear(result); }

void PgFlight::add(const sql::Query& query, std::vector<sql::Value> params) {
  statements_.push_back({query, std::move(params), {}});
}

int PgFlight::rows(std::size_t index) const { return PQntuples(result(index)); }

PgFlight::End PgFlight::fly() {
  if (connection_.broken() || !prepare()) {
    if (connection_.broken()) failure_.cause = Cause::connection_lost;
    return connection_.broken() ? End::not_sent : End::failed;
  }
  results_.resize(statements_.size() + 2);
  const bool answered = send() && receive();
  if (committed_ && (connection_.take_warning() || connection_.outlived())) {
    // Committed where it may be lost: on a server without its standby, or on one that was given up meanwhile.
    connection_.mark_broken();
    failure_ = Failure{Cause::connection_lost, {}, "01000", "the commit may be on one server only"};
    return End::unsure;
  }
  if (!answered || PQstatus(connection_.native()) != CONNECTION_OK) {
    connection_.mark_broken();
    if (committed_) return End::committed;  // it died just afterwards
    if (!failed_) failure_ = sql::pg_failure(connection_.native(), nullptr);
    failure_.cause = Cause::connection_lost;
    return End::unsure;
  }
  if (PQexitPipelineMode(connection_.native()) != 1) connection_.mark_broken();
  // After an error the transaction is still open, and the next one would fail with 25P02.
  if (PQtransactionStatus(connection_.native()) != PQTRANS_IDLE) connection_.rollback();
  return committed_ ? End::committed : End::failed;
}

bool PgFlight::prepare() {
  for (Statement& statement : statements_) {
    auto name = connection_.prepared_name(statement.query, statement.params);
    if (!name) {
      failure_ = name.error();
      return false;
    }
    statement.name = std::move(*name);
  }
  return true;
}

bool PgFlight::send() {
  PGconn* native = connection_.native();
  const auto plain = [&](const char* sql) {
    return PQsendQueryParams(native, sql, 0, nullptr, nullptr, nullptr, nullptr, 1) == 1;
  };
  if (PQenterPipelineMode(native) != 1 || !plain("BEGIN")) return false;
  for (const Statement& statement : statements_) {
    const sql::PgParams bound(statement.params);
    if (PQsendQueryPrepared(native, statement.name.c_str(), bound.count(), bound.values(), bound.lengths(),
                            bound.formats(), 1) != 1)
      return false;
  }
  return plain("COMMIT") && PQpipelineSync(native) == 1;
}

bool PgFlight::receive() {
  PGconn* native = connection_.native();
  std::size_t step = 0;
  bool ended = false;  // a statement's results end with a null
  const auto deadline = connection_.answer_deadline();
  while (true) {
    if (step + 1 == results_.size() && ended) (void)connection_.take_warning();  // what comes now is COMMIT's
    if (!connection_.await_result(deadline)) return false;
    PGresult* result = PQgetResult(native);
    if (!result) {
      if (ended || PQstatus(native) != CONNECTION_OK) return false;
      ended = true;
      ++step;
      continue;
    }
    ended = false;
    if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
      PQclear(result);
      return true;
    }
    take(result, step);
  }
}

void PgFlight::take(PGresult* result, std::size_t step) {
  std::unique_ptr<pg_result, Clear> owned(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_PIPELINE_ABORTED) return;  // what failed has been seen
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    if (!failed_) failure_ = sql::pg_failure(connection_.native(), result);
    failed_ = true;
    // A prepared statement that is gone or no longer fits its tables: only a new connection prepares it again.
    if (failure_.code == "26000" || failure_.code == "0A000") connection_.mark_broken();
    return;
  }
  if (step + 1 == results_.size()) {
    // A failed transaction "commits" as well; only the tag tells.
    committed_ = std::strcmp(PQcmdStatus(result), "COMMIT") == 0;
    if (!committed_) failure_ = Failure{Cause::bug, {}, "25P02", "COMMIT ended a failed transaction"};
  }
  if (step < results_.size()) results_[step] = std::move(owned);
}

}  // namespace chat::journal
