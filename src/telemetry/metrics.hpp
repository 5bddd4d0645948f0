// Counters, gauges and histograms by name, for /metrics (Prometheus text format 0.0.4).
//
//   static Counter& sent = metrics().counter("chatd_messages_sent_total", "Messages committed.");
//   sent.add();
//
// Look a metric up once and keep the reference: it lives as long as its registry. Look-ups take a lock; add, set and
// observe take none and are a relaxed atomic on a cache line of the calling thread's. Everything here is thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chat {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;  // values from a small fixed set, never a user's

namespace detail {
inline constexpr std::size_t kMetricShards = 8;
std::size_t next_metric_shard() noexcept;
inline std::size_t metric_shard() noexcept {
  static thread_local const std::size_t shard = next_metric_shard();
  return shard;
}
struct alignas(64) MetricCell {
  std::atomic<std::uint64_t> value{0};
};
}  // namespace detail

// Only grows.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    cells_[detail::metric_shard()].value.fetch_add(n, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept;

 private:
  std::array<detail::MetricCell, detail::kMetricShards> cells_;
};

class Gauge {
 public:
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(double delta) noexcept { value_.fetch_add(delta, std::memory_order_relaxed); }
  double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Counts of observations at or below each bound, their number and their sum.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);  // upper bounds, strictly growing; +Inf is added

  void observe(double value) noexcept;
  std::span<const double> bounds() const noexcept { return bounds_; }
  std::vector<std::uint64_t> cumulative() const;  // one for each bound, then +Inf (the number of all)
  double sum() const noexcept;

 private:
  struct alignas(64) Shard {
    std::unique_ptr<std::atomic<std::uint64_t>[]> counts;
    std::atomic<double> sum{0};
  };
  std::vector<double> bounds_;
  std::array<Shard, detail::kMetricShards> shards_;
};

inline constexpr std::array<double, 15> kLatencySeconds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                           0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};
inline constexpr std::array<double, 10> kBatchSizes = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  // The metric of that name and those labels, made at the first call. A name that is malformed, or was used with
  // another type or other bounds, is a programming error: throws std::logic_error. A family keeps at most 1,000 label
  // sets; further ones share one whose values are "other", so that labels cannot fill the memory.
  Counter& counter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds = kLatencySeconds,
                       const MetricLabels& labels = {});

  // A gauge (a counter, when its name ends in "_total") asked for its value at each scrape, from the scraping thread and under the registry's lock:
  // `read` must not touch the registry. The handle ends it; when its destructor has returned, `read` is not running.
  class [[nodiscard]] Probe {
   public:
    Probe() = default;
    Probe(Probe&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), id_(other.id_) {}
    Probe& operator=(Probe&& other) noexcept;
    ~Probe();

   private:
    friend class MetricsRegistry;
    Probe(MetricsRegistry* owner, std::uint64_t id) : owner_(owner), id_(id) {}
    MetricsRegistry* owner_ = nullptr;
    std::uint64_t id_ = 0;
  };
  Probe probe(std::string_view name, std::string_view help, std::function<double()> read,
              const MetricLabels& labels = {});

  // Every family, ordered by name, in text format 0.0.4 ("text/plain; version=0.0.4").
  std::string render() const;

 private:
  struct Family;
  struct ProbeEntry;
  enum class Kind { counter, gauge, histogram };
  Family& family(std::string_view name, std::string_view help, Kind kind, std::span<const double> bounds);
  template <class Metric, class... Args>
  Metric& find_or_make(Family& family, std::map<std::string, std::unique_ptr<Metric>>& series,
                       const MetricLabels& labels, const Args&... args);
  void end_probe(std::uint64_t id);

  mutable std::mutex mutex_;  // guards everything below
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
  std::map<std::uint64_t, ProbeEntry> probes_;
  std::uint64_t next_probe_ = 1;
};

// The process' registry.
MetricsRegistry& metrics();

// render() of the process' registry and the process metrics: RSS, virtual size, open and allowed files, CPU seconds,
// threads, start time.
std::string render_prometheus();

}  // namespace chat
