// What the kernel knows about this process, under the names that Prometheus clients agree on.
#include "telemetry/metrics.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

namespace chat {
namespace {

struct ProcessStat {
  double resident_bytes = 0, virtual_bytes = 0, cpu_seconds = 0, threads = 0, start_time_seconds = 0;
};

double boot_time_seconds() {
  static const double at = [] {
    std::ifstream stat("/proc/stat");
    for (std::string word; stat >> word;) {
      double value = 0;
      if (word == "btime" && stat >> value) return value;
    }
    return 0.0;
  }();
  return at;
}

// proc(5): the fields after the command's name, which may itself hold blanks and parentheses.
ProcessStat read_stat() {
  ProcessStat result;
  std::ifstream file("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto paren = text.rfind(')');
  if (paren == text.npos) return result;
  std::istringstream fields(text.substr(paren + 1));
  std::array<double, 22> value{};  // from field 3, the state
  std::string state;
  fields >> state;
  for (std::size_t i = 1; i < value.size(); ++i) fields >> value[i];
  const auto field = [&](std::size_t n) { return value[n - 3]; };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  result.cpu_seconds = (field(14) + field(15)) / ticks;
  result.threads = field(20);
  result.start_time_seconds = boot_time_seconds() + field(22) / ticks;
  result.virtual_bytes = field(23);
  result.resident_bytes = field(24) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return result;
}

double open_files() {
  DIR* folder = opendir("/proc/self/fd");
  if (!folder) return 0;
  int count = 0;
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] != '.';
  closedir(folder);
  return count - 1;  // the folder itself was open
}

double allowed_files() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

void append(std::string& out, const char* name, const char* type, const char* help, double value) {
  char text[512];
  std::snprintf(text, sizeof text, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name, type, name, value);
  out += text;
}

}  // namespace

std::string render_prometheus() {
  std::string out = metrics().render();
  const auto stat = read_stat();
  append(out, "process_cpu_seconds_total", "counter", "User and system CPU time spent in seconds.", stat.cpu_seconds);
  append(out, "process_max_fds", "gauge", "Files this process may have open.", allowed_files());
  append(out, "process_open_fds", "gauge", "Files this process has open.", open_files());
  append(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", stat.resident_bytes);
  append(out, "process_start_time_seconds", "gauge", "Start time of the process since the Unix epoch in seconds.",
         stat.start_time_seconds);
  append(out, "process_threads", "gauge", "Threads of this process.", stat.threads);
  append(out, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", stat.virtual_bytes);
  return out;
}

}  // namespace chat
