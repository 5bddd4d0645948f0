// Rooms that talk, and nothing else: throughput with a window, latency at a rate, or one message at a time.
#include "load/scenarios.hpp"
#include "load/traffic.hpp"

namespace load {

namespace {

// `count` messages of each sender, or for `time` seconds when it is 0.
Json talk(Run& run, const TrafficOptions& options, double warmup, std::uint32_t count, double time) {
  run.need_dialect();
  run.options.refuse_unknown();
  Swarm swarm(run.loop, *run.dialect, run.server);
  Traffic traffic(run, swarm, options);
  traffic.open();
  traffic.turn_for(0.3);  // let the server finish what joining has set off
  if (count > 0 && warmup == 0) traffic.allow(0);
  traffic.start();
  traffic.turn_for(warmup);
  if (count > 0) {  // the counted ones begin in silence
    traffic.allow(0);
    traffic.turn_until_sent();
    traffic.turn_until_there();
  }
  run.begin();
  const Counts before = traffic.counts();
  if (count > 0) {
    traffic.allow(count);
    traffic.turn_until_sent();
    traffic.turn_until_there();
  } else {
    traffic.turn_for(time);
  }
  const Counts m = traffic.counts() - before;
  run.end();
  traffic.stop();
  traffic.drain();
  Json out = run.head();
  add_traffic(out, run, traffic, options, m);
  run.add_costs(out);
  return out;
}

}  // namespace

Json fanout(Run& run) {
  const TrafficOptions options = traffic_options(run.options);
  const double warmup = run.options.number("warmup", 1), time = run.options.number("seconds", 5);
  return talk(run, options, warmup, static_cast<std::uint32_t>(run.options.count("count", 0)), time);
}

Json latency(Run& run) {
  TrafficOptions options;
  options.members = options.senders = options.window = options.rooms = 1;
  options.payload = run.options.count("payload", options.payload);
  const auto count = static_cast<std::uint32_t>(run.options.count("count", 3000));
  return talk(run, options, run.options.number("warmup", 0.2), count, 0);
}

}  // namespace load
