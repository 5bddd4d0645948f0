#include "load/processes.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "load/stamp.hpp"

namespace load {

namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

std::vector<int> threads_of(int pid) {
  std::vector<int> out;
  if (DIR* folder = ::opendir(("/proc/" + std::to_string(pid) + "/task").c_str())) {
    while (const dirent* entry = ::readdir(folder))
      if (entry->d_name[0] != '.') out.push_back(std::atoi(entry->d_name));
    ::closedir(folder);
  }
  return out;
}

void add_tree(int pid, std::vector<int>& out) {
  if (std::find(out.begin(), out.end(), pid) != out.end()) return;
  out.push_back(pid);
  for (const int thread : threads_of(pid)) {
    std::istringstream children(
        slurp("/proc/" + std::to_string(pid) + "/task/" + std::to_string(thread) + "/children"));
    for (int child; children >> child;) add_tree(child, out);
  }
}

std::vector<int> tree(const std::vector<int>& roots) {
  std::vector<int> out;
  for (const int root : roots) add_tree(root, out);
  return out;
}

std::uint64_t field_of(const std::string& text, const char* name) {
  const std::size_t at = text.find(name);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + std::strlen(name), nullptr, 10);
}

// False when it is gone. Ticks are scaled by the kernel to what the scheduler counted in nanoseconds, so a hundredth of
// a second is all that is lost.
bool add_usage(int pid, Usage& total) {
  const std::string stat = slurp("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return false;
  std::istringstream fields(stat.substr(name_end + 2));
  std::vector<std::string> all;
  for (std::string field; fields >> field;) all.push_back(field);
  if (all.size() < 18 || all[0] == "Z") return false;
  const double tick = 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  total.user_s += tick * (std::stod(all[11]) + std::stod(all[13]));  // its own and of children waited for
  total.system_s += tick * (std::stod(all[12]) + std::stod(all[14]));
  for (const int thread : threads_of(pid)) {
    const std::string status = slurp("/proc/" + std::to_string(pid) + "/task/" + std::to_string(thread) + "/status");
    total.voluntary_switches += field_of(status, "\nvoluntary_ctxt_switches:");
    total.involuntary_switches += field_of(status, "\nnonvoluntary_ctxt_switches:");
    std::istringstream ran(slurp("/proc/" + std::to_string(pid) + "/task/" + std::to_string(thread) + "/schedstat"));
    double ran_ns = 0, waited_ns = 0;
    if (ran >> ran_ns >> waited_ns) {
      total.ran_s += 1e-9 * ran_ns;
      total.waited_s += 1e-9 * waited_ns;
    }
    ++total.threads;
  }
  return true;
}

// What was spent between two moments: by the nanoseconds of the scheduler, shared out to user and system as the ticks
// say; by the ticks alone where a thread has ended and taken its nanoseconds with it.
Usage difference(const Usage& a, const Usage& b) {
  const auto more = [](std::uint64_t x, std::uint64_t y) { return x > y ? x - y : 0; };  // a thread may have ended
  Usage d{a.user_s - b.user_s,
          a.system_s - b.system_s,
          a.ran_s - b.ran_s,
          a.waited_s - b.waited_s,
          more(a.voluntary_switches, b.voluntary_switches),
          more(a.involuntary_switches, b.involuntary_switches),
          a.threads};
  if (d.ran_s <= 0 || d.ran_s < d.cpu_s() - 0.05) return d;
  const double user_share = d.cpu_s() > 0 ? d.user_s / d.cpu_s() : 0;
  d.user_s = d.ran_s * user_share;
  d.system_s = d.ran_s - d.user_s;
  return d;
}

Json described(const Usage& u) {
  Json out;
  out.set("cpu_s", u.cpu_s()).set("user_s", u.user_s).set("system_s", u.system_s).set("waited_s", u.waited_s);
  out.set("voluntary_switches", u.voluntary_switches).set("involuntary_switches", u.involuntary_switches);
  return out;
}

}  // namespace

Processes::Processes(const std::vector<std::string>& given) {
  for (const std::string& one : given) {
    const std::size_t equals = one.find('=');
    const std::string name = equals == std::string::npos ? "server" : one.substr(0, equals);
    const int pid = std::atoi(one.c_str() + (equals == std::string::npos ? 0 : equals + 1));
    if (pid <= 0) die("--pid wants PID or NAME=PID, not " + one);
    auto found = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.name == name; });
    if (found == groups_.end()) found = groups_.insert(found, Group{.name = name, .roots = {}});
    found->roots.push_back(pid);
  }
}

bool Processes::has(const std::string& name) const {
  return std::any_of(groups_.begin(), groups_.end(), [&](const Group& g) { return g.name == name; });
}

const Processes::Group& Processes::group(const std::string& name) const {
  for (const Group& g : groups_)
    if (g.name == name) return g;
  die("no --pid of " + name);
}

Usage Processes::usage(const std::string& name) const {
  const Group& g = group(name);
  Usage total;
  for (const int pid : tree(g.roots)) {
    const bool there = add_usage(pid, total);
    if (!there && std::find(g.roots.begin(), g.roots.end(), pid) != g.roots.end())
      die("process " + std::to_string(pid) + " (" + name + ") is gone");
  }
  return total;
}

Memory Processes::memory(const std::string& name) const {
  Memory total;
  for (const int pid : tree(group(name).roots)) {
    const std::string text = slurp("/proc/" + std::to_string(pid) + "/smaps_rollup");
    total.rss_kib += field_of(text, "\nRss:");
    total.pss_kib += field_of(text, "\nPss:");
    total.peak_kib += field_of(slurp("/proc/" + std::to_string(pid) + "/status"), "\nVmHWM:");
  }
  return total;
}

void Processes::begin() {
  for (Group& g : groups_) {
    for (const int pid : tree(g.roots)) std::ofstream("/proc/" + std::to_string(pid) + "/clear_refs") << 5;  // the peak
    g.memory_before = memory(g.name);
    g.usage_before = usage(g.name);
  }
}

void Processes::end() {
  for (Group& g : groups_) g.usage_after = usage(g.name);
  for (Group& g : groups_) g.memory_after = memory(g.name);
}

Usage Processes::spent(const std::string& name) const {
  const Group& g = group(name);
  return difference(g.usage_after, g.usage_before);
}

Json Processes::report() const {
  Json out;
  for (const Group& g : groups_) {
    const Usage u = difference(g.usage_after, g.usage_before);
    Json one = described(u);
    one.set("rss_kib_before", g.memory_before.rss_kib).set("rss_kib_after", g.memory_after.rss_kib);
    one.set("rss_kib_peak", g.memory_after.peak_kib)
        .set("pss_kib_after", g.memory_after.pss_kib)
        .set("threads", u.threads);
    out.set(g.name, one);
  }
  return out;
}

Own::Moment Own::now() {
  Moment m;
  rusage r{};
  ::getrusage(RUSAGE_SELF, &r);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  m.usage = {seconds(r.ru_utime),
             seconds(r.ru_stime),
             0,
             0,
             static_cast<std::uint64_t>(r.ru_nvcsw),
             static_cast<std::uint64_t>(r.ru_nivcsw),
             1};
  std::istringstream schedstat(slurp("/proc/self/schedstat"));  // ns on the core, ns waiting for it, slices
  double ran = 0, waited = 0;
  if (schedstat >> ran >> waited) m.usage.waited_s = 1e-9 * waited;
  m.at_ns = now_ns();
  return m;
}

void Own::begin() { before_ = now(); }
void Own::end() { after_ = now(); }

double Own::busy() const {
  const double wall = 1e-9 * static_cast<double>(after_.at_ns - before_.at_ns);
  return wall > 0 ? (after_.usage.cpu_s() - before_.usage.cpu_s()) / wall : 0;
}

bool Own::limited() const {
  const double wall = 1e-9 * static_cast<double>(after_.at_ns - before_.at_ns);
  return wall > 0 && busy() + (after_.usage.waited_s - before_.usage.waited_s) / wall > 0.9;
}

Json Own::report() const { return described(difference(after_.usage, before_.usage)).set("busy", busy()); }

}  // namespace load
