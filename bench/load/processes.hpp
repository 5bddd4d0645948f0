// What processes cost, read from /proc: groups of processes with all their descendants, and the generator itself.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "load/report.hpp"

namespace load {

struct Usage {
  double user_s = 0, system_s = 0;  // in the kernel's ticks: hundredths of a second
  double ran_s = 0;                 // of the threads that are there, in its nanoseconds
  double waited_s = 0;              // how long they were runnable while others had the core
  std::uint64_t voluntary_switches = 0, involuntary_switches = 0, threads = 0;
  double cpu_s() const { return user_s + system_s; }
};

struct Memory {
  std::uint64_t rss_kib = 0, pss_kib = 0;  // pss: shared pages by shares, the honest sum of a group
  std::uint64_t peak_kib = 0;              // of rss since `begin`
};

class Processes {
 public:
  // "PID" (of the group `server`) or "NAME=PID"; may be given several times for a group.
  explicit Processes(const std::vector<std::string>& given);

  bool empty() const { return groups_.empty(); }
  bool has(const std::string& name) const;

  // Descendants that have ended since count as far as their parents have waited for them. Ends the run when a process
  // given has gone: a server that crashed is no result.
  Usage usage(const std::string& name) const;
  Memory memory(const std::string& name) const;

  // Begins the measured time; `report` ends it.
  void begin();
  void end();
  Json report() const;
  Usage spent(const std::string& name) const;  // between begin and end

 private:
  struct Group {
    std::string name;
    std::vector<int> roots;
    Usage usage_before{}, usage_after{};
    Memory memory_before{}, memory_after{};
  };
  const Group& group(const std::string& name) const;
  std::vector<Group> groups_;
};

// The generator's own share of its core between begin and end.
class Own {
 public:
  void begin();
  void end();
  double busy() const;   // of its core, 0 to 1
  bool limited() const;  // the core was busy for more than 90 % of the time, by us or by others while we were waiting
  Json report() const;

 private:
  struct Moment {
    Usage usage{};
    std::uint64_t at_ns = 0;
  };
  static Moment now();
  Moment before_{}, after_{};
};

}  // namespace load
