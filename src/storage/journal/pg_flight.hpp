// One transaction as one flight: BEGIN, the statements, COMMIT and a single Sync, sent without waiting in between.
//
// Home: the thread of its connection. Leaves the connection idle and out of pipeline mode, or broken.
#pragma once

#include "storage/postgres/pg_connection.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace chat::journal {

class PgFlight {
 public:
  enum class End : std::uint8_t {
    committed,  // the server answered COMMIT with the tag COMMIT
    failed,     // the server refused: nothing was stored; `failure`
    not_sent,   // the connection was unusable before anything was sent
    unsure,     // the connection was lost after COMMIT had been sent: it may be stored, now or a little later
  };

  explicit PgFlight(sql::PgConnection& connection) : connection_(connection) {}

  // The parameters' bytes must live until fly() returns.
  void add(const sql::Query& query, std::vector<sql::Value> params);
  End fly();

  std::size_t statements() const { return statements_.size(); }
  // Rows of statement `index` after `committed`, all results in binary.
  int rows(std::size_t index) const;
  sql::PgRow row(std::size_t index, int row) const { return {result(index), row}; }

  const sql::Failure& failure() const { return failure_; }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  struct Statement {
    sql::Query query;
    std::vector<sql::Value> params;
    std::string name;
  };
  const pg_result* result(std::size_t index) const { return results_[index + 1].get(); }  // the first is BEGIN's
  bool prepare();
  bool send();
  bool receive();  // false: the connection was lost before the Sync
  void take(pg_result* result, std::size_t step);

  sql::PgConnection& connection_;
  std::vector<Statement> statements_;
  std::vector<std::unique_ptr<pg_result, Clear>> results_;
  bool failed_ = false, committed_ = false;
  sql::Failure failure_;
};

}  // namespace chat::journal
