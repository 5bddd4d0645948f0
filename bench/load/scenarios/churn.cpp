// Clients come and go, at a rate, while the rooms talk: who stays must miss nothing, who comes must get a piece without
// holes from where it came in.
#include <algorithm>
#include <deque>

#include "load/scenarios.hpp"
#include "load/traffic.hpp"

namespace load {

namespace {

class Visitors final : public Watcher {
 public:
  Visitors(Run& run, Swarm& swarm, std::size_t senders, std::size_t first_index)
      : run_(run),
        swarm_(swarm),
        rate_(run.options.number("churn", 100)),
        stay_ns_(nanoseconds(run.options.number("stay", 1))),
        history_(static_cast<unsigned>(run.options.count("history", 0))),
        senders_(senders),
        index_(first_index) {
    if (rate_ <= 0) die("--churn wants a number of joins a second");
  }

  void start() { start_ns_ = now_ns(); }

  // Nobody comes any more; until all have left.
  void see_off() {
    stopped_ = true;
    turn_until(
        run_,
        [&] {
          tend();
          return staying_.empty() && coming_ == 0 && swarm_.leaving() == 0;
        },
        [&] { return joins + swarm_.size(); },
        [&] {
          return std::to_string(swarm_.leaving()) + " connections that said goodbye were not ended by the server";
        });
  }

  // Lets in who is due, sends off who has stayed; returns when to be called again.
  std::uint64_t tend() {
    const std::uint64_t now = now_ns();
    std::uint64_t next = due();
    for (; !stopped_ && next <= now; next = due()) come();
    while (!staying_.empty() && staying_.front()->started_ns + stay_ns_ <= now) {
      Connection& c = *staying_.front();
      staying_.pop_front();
      swarm_.leave(c);
    }
    if (!staying_.empty()) next = std::min(next, staying_.front()->started_ns + stay_ns_);
    return stopped_ && staying_.empty() ? now + kSecond / 10 : next;
  }

  void on_events(Connection& c, std::span<const Event> events, std::uint64_t now) override {
    for (const Event& e : events) {
      if (e.kind == Event::Kind::delivery) ++heard;
      if (e.kind != Event::Kind::ready) continue;
      ++joins;
      --coming_;
      joined.record(now - c.started_ns);
      staying_.push_back(&c);
    }
  }

  std::uint64_t joins = 0, heard = 0;
  Histogram joined;

 private:
  std::uint64_t due() const { return start_ns_ + static_cast<std::uint64_t>(1e9 * static_cast<double>(came_) / rate_); }
  void come() {
    Role role = run_.role(index_++, came_++ % run_.rooms.size());
    role.history = history_;
    ++coming_;
    swarm_.add(role, senders_, 0);
  }

  Run& run_;
  Swarm& swarm_;
  double rate_;
  std::uint64_t stay_ns_, start_ns_ = 0;
  unsigned history_;
  std::size_t senders_, index_, came_ = 0, coming_ = 0;
  bool stopped_ = false;
  std::deque<Connection*> staying_;  // in the order of joining
};

}  // namespace

Json churn(Run& run) {
  run.need_dialect();
  TrafficOptions options = traffic_options(run.options);
  if (!run.options.has("members")) options.members = 100;
  if (!run.options.has("rate")) options.rate = 100;
  const double warmup = run.options.number("warmup", 1), time = run.options.number("seconds", 10);
  Swarm swarm(run.loop, *run.dialect, run.server);
  Traffic traffic(run, swarm, options);
  const std::size_t steady = run.rooms.size() * (options.members + options.senders);
  Visitors visitors(run, swarm, options.senders, steady);
  run.options.refuse_unknown();
  traffic.others = &visitors;
  traffic.open();
  traffic.turn_for(0.3);
  traffic.start();
  visitors.start();
  const auto go_on = [&](double for_s) {
    for (const std::uint64_t until = now_ns() + nanoseconds(for_s); now_ns() < until;)
      traffic.turn(std::min(until, visitors.tend()));
  };
  go_on(warmup);
  run.begin();
  const Counts before = traffic.counts();
  const std::uint64_t joins_before = visitors.joins;
  visitors.joined.clear();
  go_on(time);
  const std::uint64_t joins = visitors.joins - joins_before;
  const Counts m = traffic.counts() - before;
  run.end();
  traffic.stop();
  visitors.see_off();
  traffic.drain();
  Json out = run.head();
  add_traffic(out, run, traffic, options, m);
  out.set("joins", joins).set("joins_per_s", static_cast<double>(joins) / run.measured_s());
  out.set("joined_us", visitors.joined).set("heard_by_visitors", visitors.heard);
  run.add_costs(out);
  return out;
}

}  // namespace load
