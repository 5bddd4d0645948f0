// Where a write that is no feed change (a sign-up, a password, a read marker) meets the database.
//
// On SQLite every write of the process goes through the journal's lane 0, so that two writers never fight for the file:
// the jobs take turns with the message batches. On PostgreSQL the stores use their own writer connections.
#pragma once

#include "storage/sql_connection.hpp"

#include <functional>

namespace chat::sql {

class WriteLane {
 public:
  virtual ~WriteLane() = default;

  // Runs `job` on the lane's thread with the lane's connection, no transaction open: the job opens, commits or rolls
  // back its own. Jobs run in order, one between two batches. Thread-safe, never blocks; false when the queue is full
  // or the lane has stopped: the job will not run. The job must not throw.
  [[nodiscard]] virtual bool post(std::function<void(Connection&)> job) = 0;
};

}  // namespace chat::sql
