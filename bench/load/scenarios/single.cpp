// One thing at a time: what joining takes, and what a sync of the disk costs.
#include <fcntl.h>
#include <unistd.h>

#include "load/scenarios.hpp"
#include "load/swarm.hpp"

namespace load {

namespace {

class First final : public Watcher {
 public:
  void on_events(Connection& c, std::span<const Event> events, std::uint64_t now) override {
    for (const Event& e : events) {
      if (e.kind == Event::Kind::ready) ready.record(now - c.started_ns);
      if (e.kind == Event::Kind::delivery && !seen) {
        seen = true;
        message.record(now - c.started_ns);
      }
    }
  }
  bool seen = false;
  Histogram ready, message;
};

}  // namespace

Json join(Run& run) {
  run.need_dialect();
  const std::size_t n = run.options.count("count", 300);
  const auto history = static_cast<unsigned>(run.options.count("history", 50));
  run.options.refuse_unknown();
  Swarm swarm(run.loop, *run.dialect, run.server);
  First first;
  swarm.watch_by(&first);
  run.begin();
  for (std::size_t i = 0; i < n; ++i) {
    Role role = run.role(i, i % run.rooms.size());
    role.history = history;
    first.seen = history == 0;
    Connection& c = swarm.add(role, 1, 0);
    turn_until(
        run, [&] { return c.ready && first.seen; }, [] { return 0; },
        [&] { return describe(c) + (c.ready ? " got no message: is its room empty?" : " never joined"); });
    swarm.drop(c);
  }
  run.end();
  Json out = run.head();
  out.set("ready_us", first.ready).set("first_message_us", first.message);
  run.add_costs(out);
  return out;
}

Json sync_cost(Run& run) {
  const std::string folder = run.options.text("folder", "."), path = folder + "/sync-cost";
  const std::size_t n = run.options.count("count", 2000);
  run.options.refuse_unknown();
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) die("cannot write to " + folder);
  const std::string block(4096, 'x');
  Histogram took;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t start = now_ns();
    if (::write(fd, block.data(), block.size()) != 4096 || ::fdatasync(fd) != 0) die("write or fdatasync failed");
    took.record(now_ns() - start);
  }
  ::close(fd);
  ::unlink(path.c_str());
  Json out;
  out.set("scenario", run.scenario).set("sync_us", took);
  return out;
}

}  // namespace load
