// Connections that are only there: what each costs the server.
#include "load/scenarios.hpp"
#include "load/swarm.hpp"

namespace load {

Json idle(Run& run) {
  run.need_dialect();
  const std::size_t n = run.options.count("connections", 10'000), burst = run.options.count("burst", 1000);
  const double settle = run.options.number("settle", 5), hold = run.options.number("hold", 0);
  run.options.refuse_unknown();
  const bool measured = run.processes.has("server");
  Swarm swarm(run.loop, *run.dialect, run.server);
  const Memory before = measured ? run.processes.memory("server") : Memory{};
  run.begin();
  const std::uint64_t start = now_ns();
  open_all(run, swarm, n, burst, false, [&](std::size_t i) { swarm.add(run.role(i, i % run.rooms.size()), 1, 0); });
  const double connect_s = seconds(now_ns() - start);
  turn_for(run, settle);
  const Memory settled = measured ? run.processes.memory("server") : Memory{};
  turn_for(run, hold);
  run.end();
  Json out = run.head();
  out.set("open", n).set("connect_s", connect_s).set("seconds", run.measured_s()).set("signals", swarm.signals());
  if (measured) {
    const auto each = [&](std::uint64_t now_kib, std::uint64_t then_kib) {
      return 1024 * (static_cast<double>(now_kib) - static_cast<double>(then_kib)) / static_cast<double>(n);
    };
    out.set("rss_kib_before", before.rss_kib).set("rss_kib_open", settled.rss_kib);
    out.set("rss_bytes_each", each(settled.rss_kib, before.rss_kib));
    out.set("pss_bytes_each", each(settled.pss_kib, before.pss_kib));
    out.set("rss_kib_held", run.processes.memory("server").rss_kib);
  }
  run.add_costs(out);
  return out;
}

}  // namespace load
