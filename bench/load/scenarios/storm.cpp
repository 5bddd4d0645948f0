// Everybody connects at once, each behind by so many messages: until each has what it missed. With --bare nobody has
// missed anything and the answer to the upgrade is all that is waited for.
#include <algorithm>

#include "load/scenarios.hpp"
#include "load/traffic.hpp"

namespace load {

namespace {

struct Position {
  std::int64_t after = 0;  // the seq of the room's message 1
  std::string epoch;
};

// Hears the stored messages' numbers: of each room, the first.
class Scout final : public Watcher {
 public:
  Scout(Traffic& traffic, std::vector<Position>& positions) : traffic_(traffic), positions_(positions) {}
  void on_events(Connection& c, std::span<const Event> events, std::uint64_t now) override {
    for (const Event& e : events) {
      Position& position = positions_[c.role().room];
      if (e.kind == Event::Kind::ready && !e.text.empty()) position.epoch = e.text;
      if (e.kind == Event::Kind::delivery && e.stamp.number == 1) position.after = e.seq;
    }
    traffic_.on_events(c, events, now);
  }

 private:
  Traffic& traffic_;
  std::vector<Position>& positions_;
};

// One message to resume behind, and `missed` more, in every room.
std::vector<Position> store(Run& run, std::size_t missed, std::size_t payload) {
  std::vector<Position> positions(run.rooms.size());
  Swarm swarm(run.loop, *run.dialect, run.server);
  TrafficOptions options;
  options.members = options.senders = 1;
  options.window = 16;
  options.payload = payload;
  Traffic traffic(run, swarm, options);
  Scout scout(traffic, positions);
  swarm.watch_by(&scout);
  traffic.open();
  traffic.turn_for(0.3);
  traffic.allow(static_cast<std::uint32_t>(missed + 1));
  traffic.start();
  traffic.turn_until_sent();
  traffic.drain();
  while (swarm.size() > 0) swarm.drop(*swarm.connections().back());
  return positions;
}

// The storm itself.
class Returning final : public Watcher {
 public:
  Returning(std::size_t missed, bool bare)
      : due_then_(missed > 0 ? static_cast<std::uint32_t>(missed + 2) : 1), bare_(bare) {}

  void on_events(Connection& c, std::span<const Event> events, std::uint64_t now) override {
    for (const Event& e : events) {
      if (e.kind == Event::Kind::open) {
        connected_ns = now;
        opened.record(now - start_ns);
      }
      if (e.kind == Event::Kind::delivery) ++replayed;
    }
    const bool done = bare_ ? c.open : c.ready && c.ledger.due(0) == due_then_;
    if (!done || c.counted) return;
    c.counted = true;
    ++served;
    served_ns = now;
    each.record(now - start_ns);
  }

  std::uint64_t start_ns = 0, connected_ns = 0, served_ns = 0, served = 0, replayed = 0;
  Histogram each, opened;

 private:
  std::uint32_t due_then_;  // the number due when all that was missed has come
  bool bare_;
};

struct StormOptions {
  explicit StormOptions(const Options& given)
      : bare(given.has("bare")),
        clients(given.count("clients", 10'000)),
        missed(given.count("missed", 50)),
        burst(std::max<std::size_t>(1, given.count("burst", 2000))),
        payload(std::max(kStampBytes, given.count("payload", 120))) {
    if (bare) missed = 0;
  }
  bool bare;
  std::size_t clients, missed, burst, payload;
};

// Lets everybody in, until all are served.
void gather(Run& run, Swarm& swarm, Returning& returning, const StormOptions& options,
            const std::vector<Position>& positions) {
  std::size_t added = 0;
  const auto add = [&] {
    Role role = run.role(added, added % run.rooms.size());
    role.bare = options.bare;
    const Position& position = positions[role.room];
    if (options.missed > 0) {
      role.after = position.after;
      role.epoch = position.epoch;
    }
    ++added;
    swarm.add(role, 1, options.missed > 0 ? 2 : 1, position.after);
  };
  turn_until(
      run,
      [&] {
        while (added < options.clients && swarm.unopened() < options.burst) add();
        return returning.served == options.clients;
      },
      [&] { return added + returning.served + returning.replayed; },
      [&] {
        return "only " + std::to_string(returning.served) + " of " + std::to_string(options.clients) + " were served";
      });
}

}  // namespace

Json storm(Run& run) {
  run.need_dialect();
  const StormOptions options(run.options);
  run.options.refuse_unknown();
  const Traits traits = run.dialect->traits();
  if (options.missed > 0 && !(traits.resumes && traits.numbered))
    die("this dialect cannot resume: --missed 0, or --bare");
  std::vector<Position> positions(run.rooms.size());
  if (options.missed > 0) positions = store(run, options.missed, options.payload);
  turn_for(run, 0.5);

  Swarm swarm(run.loop, *run.dialect, run.server);
  Returning returning(options.missed, options.bare);
  swarm.watch_by(&returning);
  run.begin();
  returning.start_ns = now_ns();
  gather(run, swarm, returning, options, positions);
  run.end();
  turn_for(run, 0.2);  // what comes twice comes now
  if (returning.replayed != static_cast<std::uint64_t>(options.missed) * options.clients)
    die("more was replayed than was missed");
  Json out = run.head();
  out.set("clients", options.clients).set("missed", options.missed).set("bare", options.bare);
  out.set("burst", options.burst).set("payload", options.payload);
  out.set("connected_s", seconds(returning.connected_ns - returning.start_ns));
  out.set("served_s", seconds(returning.served_ns - returning.start_ns)).set("seconds", run.measured_s());
  out.set("connected_us", returning.opened).set("served_us", returning.each).set("replayed", returning.replayed);
  out.set("bytes_received", swarm.bytes_received());
  run.add_costs(out);
  return out;
}

}  // namespace load
