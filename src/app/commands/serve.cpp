#include "app/command_line.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/words.hpp"
#include "app/configuration.hpp"
#include "app/process.hpp"
#include "app/server.hpp"
#include "app/version.hpp"
#include "telemetry/log.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace chat::app {
namespace {

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
