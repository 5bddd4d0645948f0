#include "load/run.hpp"

#include <algorithm>

namespace load {

Run::Run(std::string scenario_name, const Options& given)
    : scenario(std::move(scenario_name)),
      options(given),
      server{given.text("host", "127.0.0.1"), static_cast<int>(given.number("port", 0)), given.has("tls")},
      rooms(given.lines("rooms")),
      tokens(given.lines("tokens")),
      processes(given.all("pid")),
      patience_s(given.number("patience", 30)) {
  const std::string name = given.text("dialect");
  if (name.empty()) return;
  dialect = make_dialect(name);
  if (!dialect) die("no dialect is called " + name + " (`load dialects` lists them)");
}

void Run::begin() {
  processes.begin();
  own.begin();
  from_ns = now_ns();
}

void Run::end() {
  to_ns = now_ns();
  own.end();
  processes.end();
}

Role Run::role(std::size_t index, std::size_t room) const {
  Role r;
  r.index = static_cast<std::uint32_t>(index);
  r.room = static_cast<std::uint32_t>(room);
  r.room_name = rooms[room];
  r.token = token(index);
  return r;
}

Dialect& Run::need_dialect() const {
  if (!dialect) die(scenario + " wants a --dialect");
  if (rooms.empty()) die(scenario + " wants --rooms FILE");
  if (server.port == 0) die(scenario + " wants a --port");
  return *dialect;
}

Json Run::head() const {
  Json out;
  out.set("scenario", scenario);
  if (dialect) out.set("dialect", options.text("dialect")).set("rooms", rooms.size());
  if (server.tls) out.set("tls", true);
  return out;
}

void Run::add_costs(Json& out) const {
  if (!processes.empty()) out.set("processes", processes.report());
  out.set("generator", own.report()).set("generator_limited", own.limited());
}

void turn_until(Run& run, const std::function<bool()>& done, const std::function<std::uint64_t()>& progress,
                const std::function<std::string()>& what) {
  std::uint64_t last = progress(), since = now_ns();
  while (!done()) {
    run.loop.turn(now_ns() + kSecond / 10);
    const std::uint64_t at = progress(), now = now_ns();
    if (at != last) {
      last = at;
      since = now;
    } else if (seconds(now - since) > run.patience_s) {
      die(what());
    }
  }
}

void turn_for(Run& run, double time) {
  const std::uint64_t until = now_ns() + nanoseconds(time);
  while (now_ns() < until) run.loop.turn(until);
}

void open_all(Run& run, Swarm& swarm, std::size_t n, std::size_t burst, bool bare,
              const std::function<void(std::size_t)>& add) {
  std::size_t added = 0;
  const auto unfinished = [&] { return bare ? swarm.unopened() : swarm.unready(); };
  turn_until(
      run,
      [&] {
        while (added < n && swarm.unopened() < burst) add(added++);
        return added == n && unfinished() == 0;
      },
      [&] { return added * 2 - unfinished(); },
      [&] { return std::to_string(unfinished()) + " of " + std::to_string(added) + " connections never joined"; });
}

}  // namespace load
