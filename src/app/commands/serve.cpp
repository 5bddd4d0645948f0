#include "app/command_line.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/words.hpp"
#include "app/configuration.hpp"
#include "app/server.hpp"
#include "app/version.hpp"
#include "telemetry/log.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace chat::app {
namespace {

// Blocked before any thread is made, so that only `wait` gets them.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  const char* wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal == SIGTERM ? "SIGTERM" : "SIGINT";
  }

 private:
  sigset_t set_{};
};

// A connection is a file: use all that the system grants.
void raise_file_limit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

LogOptions log_options(const Settings& s) {
  LogOptions options;
  options.level = parse_log_level(s.log_level).value_or(LogLevel::info);
  options.format = s.log_format == "json"   ? LogFormat::json
                   : s.log_format == "text" ? LogFormat::text
                                            : LogFormat::automatic;
  return options;
}

// The log, from here to the end of the scope.
struct Logging {
  explicit Logging(const LogOptions& options) { start_logging(options); }
  ~Logging() { stop_logging(); }
};

}  // namespace

int serve(Words words, const FlagValues& flags) {
  if (auto end = WordReader(words).end(); !end) return fail(end.error().message, kUsage);
  const auto loaded = configure(flags, /*data_dir=*/true);
  if (!loaded) return kConfiguration;
  raise_file_limit();
  const StopSignals signals;
  auto server = Server::make(loaded->settings);
  if (!server) return fail(server.error().message, kConfiguration);

  const Logging logging(log_options(loaded->settings));
  for (const std::string& warning : loaded->warnings) log_warn("configuration", {{"warning", warning}});
  (*server)->announce();
  (*server)->start();
  log_info("listening",
           {{"url", (*server)->url()}, {"docs", (*server)->url() + "/docs"}, {"version", kVersion}, {"pid", getpid()}});
  log_info("stopping", {{"signal", signals.wait()}});
  (*server)->stop();
  log_info("stopped");
  return kOk;
}

}  // namespace chat::app
