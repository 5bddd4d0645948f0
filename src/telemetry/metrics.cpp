#include "telemetry/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace chat {
namespace {

constexpr std::size_t kMaxSeries = 1000;

bool is_name(std::string_view name, bool colons) {
  const auto letter = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':');
  };
  if (name.empty() || !letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

// `a="x",b="y"`, the key of a series and its text in one.
std::string label_text(const MetricLabels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!is_name(name, false)) throw std::logic_error("malformed metric label: " + name);
    if (!out.empty()) out += ',';
    out += name;
    out += "=\"";
    append_escaped(out, value, true);
    out += '"';
  }
  return out;
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
}

// `more` is a further label, already as text.
void append_sample(std::string& out, std::string_view name, std::string_view labels, std::string_view more) {
  out += name;
  if (!labels.empty() || !more.empty()) {
    out += '{';
    out += labels;
    if (!labels.empty() && !more.empty()) out += ',';
    out += more;
    out += '}';
  }
  out += ' ';
}

void append_histogram(std::string& out, const std::string& name, std::string_view labels, const Histogram& histogram) {
  const auto counts = histogram.cumulative();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::string bound = "le=\"";
    append_number(bound, i < histogram.bounds().size() ? histogram.bounds()[i] : HUGE_VAL);
    bound += '"';
    append_sample(out, name + "_bucket", labels, bound);
    out += std::to_string(counts[i]) + '\n';
  }
  append_sample(out, name + "_sum", labels, {});
  append_number(out, histogram.sum());
  out += '\n';
  append_sample(out, name + "_count", labels, {});
  out += std::to_string(counts.back()) + '\n';
}

}  // namespace

std::size_t detail::next_metric_shard() noexcept {
  static std::atomic<std::size_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed) % kMetricShards;
}

std::uint64_t Counter::value() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
  return sum;
}

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds.begin(), bounds.end()) {
  if (std::adjacent_find(bounds_.begin(), bounds_.end(), std::greater_equal<>()) != bounds_.end()) {
    throw std::logic_error("a histogram's bounds must grow");
  }
  for (auto& shard : shards_) shard.counts = std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1);
}

void Histogram::observe(double value) noexcept {
  auto& shard = shards_[detail::metric_shard()];
  // NaN belongs to no bound but +Inf.
  const auto it = std::isnan(value) ? bounds_.end() : std::lower_bound(bounds_.begin(), bounds_.end(), value);
  shard.counts[static_cast<std::size_t>(it - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  shard.sum.fetch_add(value, std::memory_order_relaxed);
}

std::vector<std::uint64_t> Histogram::cumulative() const {
  std::vector<std::uint64_t> counts(bounds_.size() + 1);
  for (const auto& shard : shards_) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += shard.counts[i].load(std::memory_order_relaxed);
  }
  for (std::size_t i = 1; i < counts.size(); ++i) counts[i] += counts[i - 1];
  return counts;
}

double Histogram::sum() const noexcept {
  double sum = 0;
  for (const auto& shard : shards_) sum += shard.sum.load(std::memory_order_relaxed);
  return sum;
}

struct MetricsRegistry::Family {
  std::string help;
  Kind kind = Kind::counter;
  std::vector<double> bounds;
  std::map<std::string, std::unique_ptr<Counter>> counters;  // by label_text
  std::map<std::string, std::unique_ptr<Gauge>> gauges;
  std::map<std::string, std::unique_ptr<Histogram>> histograms;
  std::map<std::string, std::uint64_t> probes;  // label_text -> id in probes_
};

struct MetricsRegistry::ProbeEntry {
  Family* family = nullptr;
  std::string labels;
  std::function<double()> read;
};

MetricsRegistry::MetricsRegistry() = default;
MetricsRegistry::~MetricsRegistry() = default;

MetricsRegistry::Family& MetricsRegistry::family(std::string_view name, std::string_view help, Kind kind,
                                                 std::span<const double> bounds) {
  if (!is_name(name, true)) throw std::logic_error("malformed metric name: " + std::string(name));
  auto it = families_.find(name);
  if (it == families_.end()) {
    auto made = std::make_unique<Family>();
    made->help = help;
    made->kind = kind;
    made->bounds.assign(bounds.begin(), bounds.end());
    it = families_.emplace(std::string(name), std::move(made)).first;
  }
  auto& found = *it->second;
  if (found.kind != kind || !std::equal(bounds.begin(), bounds.end(), found.bounds.begin(), found.bounds.end())) {
    throw std::logic_error("metric used with two types: " + std::string(name));
  }
  return found;
}

template <class Metric, class... Args>
Metric& MetricsRegistry::find_or_make(Family&, std::map<std::string, std::unique_ptr<Metric>>& series,
                                      const MetricLabels& labels, const Args&... args) {
  auto key = label_text(labels);
  if (!series.contains(key) && series.size() >= kMaxSeries) {
    auto other = labels;
    for (auto& label : other) label.second = "other";
    key = label_text(other);
  }
  auto& metric = series[key];
  if (!metric) metric = std::make_unique<Metric>(args...);
  return *metric;
}

Counter& MetricsRegistry::counter(std::string_view name, std::string_view help, const MetricLabels& labels) {
  const std::lock_guard lock(mutex_);
  auto& f = family(name, help, Kind::counter, {});
  return find_or_make(f, f.counters, labels);
}

Gauge& MetricsRegistry::gauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  const std::lock_guard lock(mutex_);
  auto& f = family(name, help, Kind::gauge, {});
  return find_or_make(f, f.gauges, labels);
}

Histogram& MetricsRegistry::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                                      const MetricLabels& labels) {
  const std::lock_guard lock(mutex_);
  auto& f = family(name, help, Kind::histogram, bounds);
  return find_or_make(f, f.histograms, labels, bounds);
}

MetricsRegistry::Probe MetricsRegistry::probe(std::string_view name, std::string_view help,
                                              std::function<double()> read, const MetricLabels& labels) {
  const std::lock_guard lock(mutex_);
  auto& f = family(name, help, name.ends_with("_total") ? Kind::counter : Kind::gauge, {});
  auto key = label_text(labels);
  const auto id = next_probe_++;
  f.probes[key] = id;  // of two probes of one series the later one speaks
  probes_[id] = ProbeEntry{&f, std::move(key), std::move(read)};
  return Probe(this, id);
}

void MetricsRegistry::end_probe(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto it = probes_.find(id);
  if (it == probes_.end()) return;
  auto& speaking = it->second.family->probes;
  if (const auto mine = speaking.find(it->second.labels); mine != speaking.end() && mine->second == id) {
    speaking.erase(mine);
  }
  probes_.erase(it);
}

MetricsRegistry::Probe& MetricsRegistry::Probe::operator=(Probe&& other) noexcept {
  if (this != &other) {
    if (owner_) owner_->end_probe(id_);
    owner_ = std::exchange(other.owner_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

MetricsRegistry::Probe::~Probe() {
  if (owner_) owner_->end_probe(id_);
}

std::string MetricsRegistry::render() const {
  static constexpr const char* kTypes[] = {"counter", "gauge", "histogram"};
  std::string out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, f] : families_) {
    out += "# HELP " + name + ' ';
    append_escaped(out, f->help, false);
    out += "\n# TYPE " + name + ' ' + kTypes[static_cast<int>(f->kind)] + '\n';
    for (const auto& [labels, counter] : f->counters) {
      append_sample(out, name, labels, {});
      out += std::to_string(counter->value()) + '\n';
    }
    for (const auto& [labels, gauge] : f->gauges) {
      if (f->probes.contains(labels)) continue;
      append_sample(out, name, labels, {});
      append_number(out, gauge->value());
      out += '\n';
    }
    for (const auto& [labels, id] : f->probes) {
      append_sample(out, name, labels, {});
      append_number(out, probes_.at(id).read());
      out += '\n';
    }
    for (const auto& [labels, histogram] : f->histograms) append_histogram(out, name, labels, *histogram);
  }
  return out;
}

MetricsRegistry& metrics() {
  static MetricsRegistry& the = *new MetricsRegistry;  // never destroyed: threads may still count at exit
  return the;
}

}  // namespace chat
