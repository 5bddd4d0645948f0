// PgConnection::run_each: one statement many times in one exchange.
//
// A pipeline has one Sync at its end: a Sync after each run would cost a transaction and a packet each. So the server
// skips whatever follows a failure, and that is sent again behind it: every round settles one run at least. Isolation
// is read committed, where each run takes its own snapshot even in the same implicit transaction; statement_timeout
// counts anew from each Execute.
#include "storage/postgres/pg_connection.hpp"

#include <libpq-fe.h>

namespace chat::sql {
namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Clear>;

// A connection left in the middle of a pipeline, by an exception too, is of no use to anybody.
class BrokenUnlessDone {
 public:
  explicit BrokenUnlessDone(PgConnection& connection) : connection_(connection) {}
  BrokenUnlessDone(const BrokenUnlessDone&) = delete;
  BrokenUnlessDone& operator=(const BrokenUnlessDone&) = delete;
  ~BrokenUnlessDone() {
    if (!done_) connection_.mark_broken();
  }
  void done() { done_ = true; }

 private:
  PgConnection& connection_;
  bool done_ = false;
};

}  // namespace

std::vector<Outcome<std::int64_t>> PgConnection::run_each(const Query& query, std::span<const std::vector<Value>> sets,
                                                          RowsVisitor visit) {
  using Outcomes = std::vector<Outcome<std::int64_t>>;
  if (sets.empty()) return {};
  const auto name = prepared_name(query, sets.front());
  if (!name) return Outcomes(sets.size(), name.error());
  Outcomes out(sets.size(), Failure{Cause::connection_lost, {}, {}, "the connection broke before this was run"});
  for (std::size_t first = 0; first < sets.size() && !broken();) {
    BrokenUnlessDone guard(*this);
    if (!send_each(*name, sets.subspan(first))) break;
    first = receive_each(out, first, visit);
    if (PQstatus(connection_) == CONNECTION_OK && PQexitPipelineMode(connection_) == 1) guard.done();
  }
  return out;
}

bool PgConnection::send_each(const std::string& name, std::span<const std::vector<Value>> sets) {
  if (PQenterPipelineMode(connection_) != 1) return false;
  for (const std::vector<Value>& params : sets) {
    const PgParams bound(params);
    if (PQsendQueryPrepared(connection_, name.c_str(), bound.count(), bound.values(), bound.lengths(), bound.formats(),
                            1) != 1)
      return false;
  }
  return PQpipelineSync(connection_) == 1;
}

// Answers the first run that is to be sent again: the server skipped it, for what stood before it had failed.
std::size_t PgConnection::receive_each(std::span<Outcome<std::int64_t>> out, std::size_t first, RowsVisitor visit) {
  std::size_t next = out.size();
  bool ended = false;  // a run's results end with a null; two of them: nothing comes any more
  for (std::size_t which = first;;) {
    if (!await_result(answer_deadline())) return out.size();  // and the connection is broken
    const ResultPtr result(PQgetResult(connection_));
    if (!result) {
      if (ended || PQstatus(connection_) != CONNECTION_OK) return out.size();
      ended = true;
      ++which;
      continue;
    }
    ended = false;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) return next;
    if (status == PGRES_PIPELINE_ABORTED || which >= out.size()) continue;
    if (status != PGRES_TUPLES_OK) {
      out[which] = failure(result.get());
      next = which + 1;
      continue;
    }
    const int rows = PQntuples(result.get());
    for (int i = 0; i < rows; ++i)
      if (!visit(which, PgRow(result.get(), i))) break;
    out[which] = rows;
  }
}

}  // namespace chat::sql
