// The file that says who serves a database file: "<database>.lock" beside it, locked as long as its holder lives.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string>

namespace chat::storage {

class DataLock {
 public:
  // Waits for at most `wait`; then Errc::conflict with a sentence that names the holder and its process id.
  static Result<DataLock> take(const std::string& database, const std::string& holder, std::chrono::milliseconds wait);
  DataLock() = default;
  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&& other) noexcept;
  ~DataLock();

 private:
  explicit DataLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace chat::storage
