// One structured line a request, with its request id; and what went wrong inside one.
#pragma once

#include "telemetry/metrics.hpp"
#include "transport/http_handler.hpp"

namespace chat::app {

// Thread-safe; one for all loops.
class RequestLog final : public transport::HttpObserver {
 public:
  RequestLog();
  void on_request(const transport::HttpLogEntry& entry) override;
  void on_exception(std::string_view request_id, std::string_view what) override;

 private:
  std::array<Counter*, 6> by_class_;  // [1] = 1xx ... [5] = 5xx
};

}  // namespace chat::app
