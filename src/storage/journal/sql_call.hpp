// Statements of one transaction that remember the first failure and then do nothing any more.
#pragma once

#include "storage/sql_connection.hpp"

#include <initializer_list>
#include <optional>

namespace chat::journal {

class SqlCall {
 public:
  explicit SqlCall(sql::Connection& connection) : db_(connection) {}

  // The first thing that went wrong: roll back, and believe no outcome.
  const std::optional<sql::Failure>& failure() const { return failure_; }
  void fail(sql::Failure failure) { failure_ = std::move(failure); }
  sql::Connection& connection() { return db_; }

  // True when a row came.
  template <class Visit>
  bool each(const sql::Query& query, std::initializer_list<sql::Value> params, Visit visit) {
    if (failure_) return false;
    bool found = false;
    auto first = [&](const sql::Row& row) {
      found = true;
      visit(row);
    };
    if (auto done = db_.each(query, params, first); !done) failure_ = done.error();
    return found && !failure_;
  }

  void run(const sql::Query& query, std::initializer_list<sql::Value> params) {
    if (failure_) return;
    if (auto done = db_.execute(query, params); !done) failure_ = done.error();
  }

 private:
  sql::Connection& db_;
  std::optional<sql::Failure> failure_;
};

}  // namespace chat::journal
