// A day of a chat: most connections idle, a few rooms talking at a steady rate, somebody typing, somebody scrolling
// back, somebody logging in; with samples over time, so that an hour of it is a soak.
#include <algorithm>
#include <random>

#include "load/http.hpp"
#include "load/scenarios.hpp"
#include "load/traffic.hpp"

namespace load {

namespace {

// Something that is due again and again, at a rate, and does not wait for the last one to be over.
class Every {
 public:
  explicit Every(double rate) : rate_(rate) {}
  void start() {
    first_ns_ = now_ns();
    count_ = 1;  // the first one is due after a while, too
  }
  std::uint64_t next_ns() const {
    return rate_ > 0 ? first_ns_ + static_cast<std::uint64_t>(1e9 * static_cast<double>(count_) / rate_)
                     : ~std::uint64_t{0};
  }
  template <class F>
  void run(F&& due) {
    for (const std::uint64_t now = now_ns(); next_ns() <= now; ++count_) due(next_ns());
  }

 private:
  double rate_;
  std::uint64_t first_ns_ = 0, count_ = 1;
};

std::uint64_t median(std::vector<std::uint64_t> values) {
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Figures over time, and whether they drift.
class Samples {
 public:
  Samples(const Run& run, const Swarm& swarm, Traffic& traffic) : run_(run), swarm_(swarm), traffic_(traffic) {}

  // The end seldom falls on a sample; a stump of one would not compare.
  void take_last() {
    if (p99_.empty() || latency_.count() > smallest_ / 2) take();
  }

  void start() {
    traffic_.also = &latency_;
    latency_.clear();
    before_ = traffic_.counts();
  }

  void take() {
    Json one;
    one.set("at_s", seconds(now_ns() - run_.from_ns));
    if (run_.processes.has("server")) {
      const Memory memory = run_.processes.memory("server");
      one.set("rss_kib", memory.rss_kib).set("pss_kib", memory.pss_kib);
      one.set("cpu_s", run_.processes.usage("server").cpu_s());
      rss_.push_back(memory.rss_kib);
    }
    const Counts counts = traffic_.counts() - before_;
    one.set("sent", counts.sent).set("delivered", counts.delivered);
    const auto us = [&](double q) { return 1e-3 * static_cast<double>(latency_.at(q)); };
    one.set("p50_us", us(0.5)).set("p99_us", us(0.99)).set("max_us", us(1)).set("open", swarm_.size());
    p99_.push_back(latency_.at(0.99));
    smallest_ = std::min(smallest_, latency_.count());
    list_ += (list_.empty() ? "" : ",") + one.text();
    start();
  }

  void report(Json& out) const {
    out.raw("samples", "[" + list_ + "]");
    Json drift;
    if (!rss_.empty()) drift.set("rss_kib_first", third(rss_, false)).set("rss_kib_last", third(rss_, true));
    drift.set("p99_us_first", 1e-3 * static_cast<double>(third(p99_, false)));
    out.set("drift", drift.set("p99_us_last", 1e-3 * static_cast<double>(third(p99_, true))));
  }

 private:
  static std::uint64_t third(const std::vector<std::uint64_t>& values, bool last) {
    const auto n = static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, values.size() / 3));
    if (values.empty()) return 0;
    return last ? median({values.end() - n, values.end()}) : median({values.begin(), values.begin() + n});
  }

  const Run& run_;
  const Swarm& swarm_;
  Traffic& traffic_;
  Histogram latency_;
  Counts before_{};
  std::uint64_t smallest_ = ~std::uint64_t{0};
  std::vector<std::uint64_t> rss_, p99_;
  std::string list_;
};

// Who asks over HTTP: pages of history, and logins.
class Askers {
 public:
  explicit Askers(Run& run)
      : history(run.options.number("history-rate", 20)),
        logins(run.options.number("login-rate", 0)),
        run_(run),
        people_(run.options.lines("logins")),
        page_("GET", run.options.text("path", "/api/v1/rooms/{room}/history?page={n}&size=10"), {}),
        pages_(static_cast<std::uint64_t>(std::max(1.0, run.options.number("pages", 1)))),
        pool_(run, run.options.count("http-connections", 8)) {
    if (logins.next_ns() != ~std::uint64_t{0} && people_.empty()) die("--login-rate wants --logins FILE");
  }

  void open() {
    pool_.open();
    history.start();
    logins.start();
  }

  void ask(bool measured) {
    history.run([&](std::uint64_t due) {
      const std::string& room = run_.rooms[random_() % run_.rooms.size()];
      pool_.ask(due, page_.fill(room, 1 + random_() % pages_, run_.token(random_())), measured ? &history_us : nullptr);
    });
    logins.run([&](std::uint64_t due) {
      const std::string& person = people_[random_() % people_.size()];
      const std::size_t blank = person.find(' ');
      const RequestTemplate login("POST", "/api/v1/auth/login",
                                  R"({"username":")" + person.substr(0, blank) + R"(","password":")" +
                                      person.substr(std::min(blank + 1, person.size())) + R"("})");
      pool_.ask(due, login.fill({}, 0, {}), measured ? &login_us : nullptr);
    });
  }

  void finish() {
    turn_until(
        run_, [&] { return pool_.quiet(); }, [&] { return pool_.answered(); },
        [&] { return std::to_string(pool_.waiting()) + " requests were never answered"; });
  }

  Every history, logins;
  Histogram history_us, login_us;

 private:
  Run& run_;
  std::vector<std::string> people_;
  RequestTemplate page_;
  std::uint64_t pages_;
  HttpPool pool_;
  std::mt19937_64 random_{1};
};

TrafficOptions talking_rooms(const Run& run, std::size_t connections) {
  TrafficOptions options;
  options.rooms = std::min(run.options.count("talk-rooms", 10), run.rooms.size());
  options.rate = run.options.number("rate", 50);
  options.payload = std::max(kStampBytes, run.options.count("payload", 120));
  if (options.rooms == 0 || options.rate <= 0) die("mixed wants a --rate and a talking room at least");
  const double share = run.options.number("talking", 0.1);
  const auto there = static_cast<std::size_t>(share * static_cast<double>(connections)) / options.rooms;
  options.senders = 1;
  options.members = std::max<std::size_t>(there, 2) - 1;
  return options;
}

// All that goes on beside the messages, each at its own rate.
class Day {
 public:
  Day(Run& run, Swarm& swarm, Traffic& traffic)
      : askers(run),
        samples(run, swarm, traffic),
        swarm_(swarm),
        traffic_(traffic),
        typing_(run.options.number("typing-rate", 10)),
        sampling_(1 / std::max(0.1, run.options.number("sample", 5))) {}

  void start() {
    askers.open();
    traffic_.start();
    typing_.start();
  }

  void measure() {
    measured_ = true;
    sampling_.start();
    samples.start();
  }

  void go_on(double for_s) {
    for (const std::uint64_t until = now_ns() + nanoseconds(for_s); now_ns() < until;) {
      askers.ask(measured_);
      typing_.run([&](std::uint64_t) {
        if (swarm_.typing(*traffic_.speakers()[random_() % traffic_.speakers().size()])) ++typed;
      });
      if (measured_) sampling_.run([&](std::uint64_t) { samples.take(); });
      std::uint64_t next = std::min({until, askers.history.next_ns(), askers.logins.next_ns(), typing_.next_ns()});
      if (measured_) next = std::min(next, sampling_.next_ns());
      traffic_.turn(next);
    }
  }

  Askers askers;
  Samples samples;
  std::uint64_t typed = 0;

 private:
  Swarm& swarm_;
  Traffic& traffic_;
  Every typing_, sampling_;
  std::mt19937_64 random_{1};
  bool measured_ = false;
};

}  // namespace

Json mixed(Run& run) {
  run.need_dialect();
  const std::size_t connections = run.options.count("connections", 2000);
  const double warmup = run.options.number("warmup", 5), time = run.options.number("seconds", 60);
  const TrafficOptions options = talking_rooms(run, connections);
  Swarm swarm(run.loop, *run.dialect, run.server);
  Traffic traffic(run, swarm, options);
  Day day(run, swarm, traffic);
  run.options.refuse_unknown();

  traffic.open();
  const std::size_t busy = swarm.size(), idle = connections > busy ? connections - busy : 0;
  const std::size_t quiet_rooms = run.rooms.size() - options.rooms;
  if (idle > 0 && quiet_rooms == 0) die("mixed wants more rooms than talk: the idle ones sit elsewhere");
  open_all(run, swarm, idle, options.burst, false,
           [&](std::size_t i) { swarm.add(run.role(busy + i, options.rooms + i % quiet_rooms), 1, 0); });
  day.start();
  day.go_on(warmup);
  run.begin();
  const Counts before = traffic.counts();
  day.measure();
  day.go_on(time);
  day.samples.take_last();
  const Counts m = traffic.counts() - before;
  run.end();
  traffic.stop();
  day.askers.finish();
  traffic.drain();

  Json out = run.head();
  out.set("connections", swarm.size()).set("idle_open", idle).set("talking_rooms", options.rooms);
  add_traffic(out, run, traffic, options, m);
  out.set("history_us", day.askers.history_us);
  if (day.askers.login_us.count()) out.set("login_us", day.askers.login_us);
  out.set("typed", day.typed).set("signals", swarm.signals());
  day.samples.report(out);
  run.add_costs(out);
  return out;
}

}  // namespace load
