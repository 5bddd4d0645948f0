// What every scenario has in hand: the command line's common part, the loop, the dialect, the measures.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "load/dialect.hpp"
#include "load/loop.hpp"
#include "load/options.hpp"
#include "load/processes.hpp"
#include "load/report.hpp"
#include "load/swarm.hpp"

namespace load {

inline constexpr std::uint64_t kSecond = 1'000'000'000u;
inline std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }
inline double seconds(std::uint64_t ns) { return 1e-9 * static_cast<double>(ns); }

struct Run {
  explicit Run(std::string scenario_name, const Options& given);

  std::string scenario;
  const Options& options;
  Loop loop{};
  Server server;
  std::unique_ptr<Dialect> dialect;  // null for scenarios without one
  std::vector<std::string> rooms, tokens;
  Processes processes;
  Own own{};
  double patience_s;

  // The measured time.
  void begin();
  void end();
  double measured_s() const { return seconds(to_ns - from_ns); }
  std::uint64_t from_ns = ~std::uint64_t{0}, to_ns = ~std::uint64_t{0};

  std::string_view token(std::size_t i) const {
    return tokens.empty() ? std::string_view{} : tokens[i % tokens.size()];
  }
  // The role of connection `index` in room `room`.
  Role role(std::size_t index, std::size_t room) const;

  Dialect& need_dialect() const;
  // `scenario` and `dialect`; and what `begin` and `end` measured.
  Json head() const;
  void add_costs(Json& out) const;
};

// Turns the loop until `done`; ends the run with `what()` when `progress` has not changed for the run's patience.
void turn_until(Run& run, const std::function<bool()>& done, const std::function<std::uint64_t()>& progress,
                const std::function<std::string()>& what);
// Turns the loop for so long.
void turn_for(Run& run, double seconds);

// Opens connections 0..n-1 by `add(i)` with at most `burst` handshakes unfinished, until all have joined (`bare`: until
// all have been upgraded).
void open_all(Run& run, Swarm& swarm, std::size_t n, std::size_t burst, bool bare,
              const std::function<void(std::size_t)>& add);

}  // namespace load
