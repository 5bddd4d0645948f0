// Requests over kept-alive connections: as fast as they are answered, or at a rate.
#include <random>

#include "load/http.hpp"
#include "load/scenarios.hpp"

namespace load {

namespace {

// Draws what a template asks for.
class Draw {
 public:
  explicit Draw(Run& run)
      : run_(run),
        request_(run.options.text("method", "GET"),
                 run.options.text("path", "/api/v1/rooms/{room}/history?page={n}&size=10"), run.options.text("body")) {
    const std::string numbers = run.options.text("numbers", "1:1");
    const std::size_t colon = numbers.find(':');
    if (colon == std::string::npos) die("--numbers wants FROM:TO, not " + numbers);
    number_ = std::uniform_int_distribution<std::uint64_t>(std::stoull(numbers.substr(0, colon)),
                                                           std::stoull(numbers.substr(colon + 1)));
  }

  std::string next() {
    const std::string_view room = run_.rooms.empty() ? std::string_view{} : run_.rooms[random_() % run_.rooms.size()];
    return request_.fill(room, number_(random_), run_.token(asked_++));
  }

 private:
  Run& run_;
  RequestTemplate request_;
  std::mt19937_64 random_{1};  // the same questions in every round
  std::uniform_int_distribution<std::uint64_t> number_;
  std::size_t asked_ = 0;
};

}  // namespace

Json rest(Run& run) {
  const std::size_t connections = run.options.count("connections", 32);
  const double warmup = run.options.number("warmup", 1), time = run.options.number("seconds", 5);
  const double rate = run.options.number("rate", 0);
  Draw draw(run);
  run.options.refuse_unknown();
  if (run.server.port == 0 || connections == 0) die("rest wants a --port and a connection at least");
  HttpPool pool(run, connections);
  pool.open();
  Histogram response;
  std::uint64_t due = now_ns(), progress = 0, progress_ns = due;
  const auto ask_until = [&](std::uint64_t until, Histogram* into) {
    for (std::uint64_t now; (now = now_ns()) < until;) {
      if (rate > 0) {
        for (; due <= now; due += static_cast<std::uint64_t>(1e9 / rate)) pool.ask(due, draw.next(), into);
      } else {
        while (pool.free() > 0) pool.ask(now_ns(), draw.next(), into);
      }
      run.loop.turn(rate > 0 ? std::min(due, until) : until);
      if (pool.answered() != progress) {
        progress = pool.answered();
        progress_ns = now_ns();
      } else if (!pool.quiet() && seconds(now_ns() - progress_ns) > run.patience_s) {
        die("answers stopped behind " + std::to_string(progress));
      }
    }
  };
  ask_until(now_ns() + nanoseconds(warmup), nullptr);
  run.begin();
  const std::uint64_t answered_before = pool.answered(), bytes_before = pool.bytes_received();
  ask_until(run.from_ns + nanoseconds(time), &response);
  const std::uint64_t answered = pool.answered() - answered_before, bytes = pool.bytes_received() - bytes_before;
  run.end();
  turn_until(
      run, [&] { return pool.quiet(); }, [&] { return pool.answered(); },
      [&] { return std::to_string(pool.waiting()) + " requests were never answered"; });

  Json out;
  out.set("scenario", run.scenario).set("connections", connections);
  if (rate > 0) out.set("rate", rate);
  out.set("seconds", run.measured_s()).set("requests", answered).set("bytes_received", bytes);
  out.set("requests_per_s", static_cast<double>(answered) / run.measured_s()).set("response_us", response);
  if (run.processes.has("server"))
    out.set("requests_per_cpu_s", static_cast<double>(answered) / run.processes.spent("server").cpu_s());
  run.add_costs(out);
  return out;
}

}  // namespace load
