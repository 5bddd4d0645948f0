// The load generator: `load SCENARIO --option value ...`, one JSON object on standard output. README.md beside this
// file has the scenarios, their options and what they print.
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <string_view>

#include "load/scenarios.hpp"

namespace {

struct Scenario {
  std::string_view name;
  load::Json (*run)(load::Run&);
};

constexpr Scenario kScenarios[] = {
    {"fanout", load::fanout}, {"latency", load::latency}, {"idle", load::idle},
    {"storm", load::storm},   {"churn", load::churn},     {"mixed", load::mixed},
    {"rest", load::rest},     {"join", load::join},       {"sync", load::sync_cost},
};

void settle_on(const load::Options& options) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // an open loop sends when it says, not 50 us later
  if (!options.has("core")) return;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(options.count("core", 0), &cores);
  if (::sched_setaffinity(0, sizeof cores, &cores) != 0) load::die("cannot be pinned to core " + options.text("core"));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "dialects") {
    for (const std::string_view dialect : load::dialect_names()) std::printf("%s\n", std::string(dialect).c_str());
    return 0;
  }
  for (const Scenario& scenario : kScenarios) {
    if (scenario.name != name) continue;
    const load::Options options(argc, argv);
    settle_on(options);
    load::Run run(std::string(name), options);
    const load::Json answer = scenario.run(run);
    std::printf("%s\n", answer.text().c_str());
    std::fflush(stdout);
    std::_Exit(0);  // the sockets end with the process
  }
  load::die("no scenario is called '" + std::string(name) + "' (see bench/load/README.md)");
}
