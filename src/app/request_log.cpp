#include "app/request_log.hpp"

#include "telemetry/log.hpp"
#include "telemetry/redact.hpp"

#include <algorithm>

namespace chat::app {

RequestLog::RequestLog() : by_class_{} {
  // Not the routes' own chatd_http_requests_total: a sum over that one would count each request twice.
  for (std::size_t i = 1; i < by_class_.size(); ++i)
    by_class_[i] = &metrics().counter("chatd_http_answers_total",
                                      "Answers of all kinds: routes, handshakes, and what was no good HTTP.",
                                      {{"status", std::to_string(i) + "xx"}});
}

void RequestLog::on_request(const transport::HttpLogEntry& entry) {
  const int status_class = std::clamp(entry.status / 100, 1, 5);
  by_class_[static_cast<std::size_t>(status_class)]->add();
  // A client's mistakes are its own business: only what is ours to mend is more than information.
  const LogLevel level = entry.status == 500 ? LogLevel::error : LogLevel::info;
  if (!log_enabled(level)) return;
  log_line(level, "request",
           {{"method", entry.method},
            {"path", redact_target(entry.path)},
            {"status", entry.status},
            {"bytes", entry.body_bytes},
            {"took", entry.duration},
            {"peer", entry.peer.text()},
            {"request_id", entry.request_id}});
}

void RequestLog::on_exception(std::string_view request_id, std::string_view what) {
  log_error("unexpected", {{"request_id", request_id}, {"what", what}});
}

}  // namespace chat::app
