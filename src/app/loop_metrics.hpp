// What the shards and the journal say about themselves, as metrics.
#pragma once

#include "storage/journal/journal_options.hpp"
#include "telemetry/metrics.hpp"
#include "transport/event_loop.hpp"

#include <memory>
#include <vector>

namespace chat::app {

// Sums over the loops, read at each scrape. The loops outlive the probes.
std::vector<MetricsRegistry::Probe> probe_loops(const std::vector<std::unique_ptr<transport::EventLoop>>& loops);

// Batches, commit times, queue and refusals. Thread-safe; outlives the journal.
class JournalMetrics final : public journal::JournalObserver {
 public:
  explicit JournalMetrics(std::size_t lanes);
  void on_flight(std::size_t messages, std::size_t bytes, std::chrono::nanoseconds took) override;
  void on_queue(std::size_t lane, std::size_t messages, std::size_t bytes) override;
  void on_refused(Errc code) override;
  void on_writable(std::size_t lane, bool writable) override;

 private:
  struct Lane {
    Gauge* messages;
    Gauge* bytes;
    Gauge* writable;
  };
  Counter& messages_;
  Histogram& batch_;
  Histogram& seconds_;
  std::vector<Lane> lanes_;
};

}  // namespace chat::app
