#include "storage/data_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

namespace chat::storage {

Result<DataLock> DataLock::take(const std::string& database, const std::string& holder,
                                std::chrono::milliseconds wait) {
  // By the file itself, not by the name it was called: a link to it must meet the same lock.
  std::error_code ignored;
  const auto real = std::filesystem::weakly_canonical(database, ignored);
  const std::string path = (ignored ? database : real.string()) + ".lock";
  DataLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.file_ < 0) return Error{Errc::unavailable, "cannot open " + path + ": " + std::strerror(errno)};
  const auto deadline = std::chrono::steady_clock::now() + wait;
  // flock, which the kernel gives back however its holder ends; there is no waiting for it with a limit.
  while (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      std::array<char, 200> text{};
      const ssize_t size = ::pread(lock.file_, text.data(), text.size() - 1, 0);
      std::string who(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
      while (!who.empty() && who.back() == '\n') who.pop_back();
      return Error{Errc::conflict, database + " is in use by " + (who.empty() ? "another process" : who)};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const std::string text = holder + " (process " + std::to_string(::getpid()) + ")\n";
  const bool written = ::ftruncate(lock.file_, 0) == 0 && ::pwrite(lock.file_, text.data(), text.size(), 0) > 0;
  if (!written) return Error{Errc::unavailable, "cannot write " + path + ": " + std::strerror(errno)};
  return lock;
}

DataLock::DataLock(DataLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

DataLock& DataLock::operator=(DataLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

DataLock::~DataLock() {
  if (file_ < 0) return;
  // The file stays: removing it would let two hold two files of one name. A stale pid in it only names a holder
  // wrongly.
  [[maybe_unused]] const int emptied = ::ftruncate(file_, 0);
  ::close(file_);
}

}  // namespace chat::storage
