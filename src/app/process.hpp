// What every command that serves does with its process: signals and the log.
#pragma once

#include "telemetry/log.hpp"

#include <signal.h>

namespace chat::app {

// SIGTERM and SIGINT are blocked from here on; made before any thread is, so that only `wait` gets them.
class StopSignals {
 public:
  StopSignals();
  const char* wait() const;  // the name of the one that came

 private:
  sigset_t set_{};
};

// The log, from here to the end of the scope.
struct Logging {
  explicit Logging(const LogOptions& options) { start_logging(options); }
  ~Logging() { stop_logging(); }
  Logging(const Logging&) = delete;
  Logging& operator=(const Logging&) = delete;
};

}  // namespace chat::app
