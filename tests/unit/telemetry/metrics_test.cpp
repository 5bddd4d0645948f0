#include "telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <thread>

namespace chat {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, RenderTheTextFormat) {
  MetricsRegistry registry;
  registry.counter("b_total", "Second.\nLine \\ two.", {{"code", "a\"b\\c\nd"}, {"x", "1"}}).add(3);
  registry.gauge("a_gauge", "First.").set(1.5);
  auto& histogram = registry.histogram("c_seconds", "Third.", std::array<double, 2>{0.5, 1});
  for (double v : {0.25, 0.5, 0.75, 2.0}) histogram.observe(v);
  EXPECT_EQ(
      registry.render(),
      "# HELP a_gauge First.\n# TYPE a_gauge gauge\na_gauge 1.5\n"
      "# HELP b_total Second.\\nLine \\\\ two.\n# TYPE b_total counter\nb_total{code=\"a\\\"b\\\\c\\nd\",x=\"1\"} 3\n"
      "# HELP c_seconds Third.\n# TYPE c_seconds histogram\n"
      "c_seconds_bucket{le=\"0.5\"} 2\nc_seconds_bucket{le=\"1\"} 3\nc_seconds_bucket{le=\"+Inf\"} 4\n"
      "c_seconds_sum 3.5\nc_seconds_count 4\n");
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  MetricsRegistry registry;
  auto& one = registry.counter("n_total", "N.", {{"a", "1"}});
  EXPECT_EQ(&one, &registry.counter("n_total", "N.", {{"a", "1"}}));
  EXPECT_NE(&one, &registry.counter("n_total", "N.", {{"a", "2"}}));
}

TEST(Metrics, MistakesOfTheProgramThrow) {
  MetricsRegistry registry;
  registry.counter("n_total", "N.");
  EXPECT_THROW(registry.gauge("n_total", "N."), std::logic_error);
  EXPECT_THROW(registry.counter("n-total", "N."), std::logic_error);
  EXPECT_THROW(registry.counter("", "N."), std::logic_error);
  EXPECT_THROW(registry.counter("m_total", "N.", {{"a-b", "1"}}), std::logic_error);
  EXPECT_THROW(registry.histogram("h", "H.", std::array<double, 2>{2, 1}), std::logic_error);
}

TEST(Metrics, CountsOfManyThreadsAddUp) {
  MetricsRegistry registry;
  auto& counter = registry.counter("n_total", "N.");
  auto& gauge = registry.gauge("g", "G.");
  auto& histogram = registry.histogram("h", "H.", std::array<double, 1>{1});
  std::vector<std::thread> threads;
  for (int t = 0; t < 12; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        counter.add();
        gauge.add(i % 2 ? 1 : -1);
        histogram.observe(2);
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(counter.value(), 60'000u);
  EXPECT_EQ(gauge.value(), 0);
  EXPECT_EQ(histogram.cumulative(), (std::vector<std::uint64_t>{0, 60'000}));
  EXPECT_EQ(histogram.sum(), 120'000);
}

TEST(Metrics, LabelsCannotFillTheMemory) {
  MetricsRegistry registry;
  for (int i = 0; i < 5000; ++i) registry.counter("n_total", "N.", {{"user", std::to_string(i)}}).add();
  const auto text = registry.render();
  EXPECT_THAT(text, HasSubstr("n_total{user=\"other\"} 4000\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2 + 1001);
}

TEST(Metrics, AProbeIsAskedUntilItsHandleIsGone) {
  MetricsRegistry registry;
  double depth = 7;
  {
    const auto probe = registry.probe("queue", "Q.", [&] { return depth; }, {{"pool", "hash"}});
    EXPECT_THAT(registry.render(), HasSubstr("queue{pool=\"hash\"} 7\n"));
    depth = 8;
    EXPECT_THAT(registry.render(), HasSubstr("queue{pool=\"hash\"} 8\n"));
    {
      const auto newer = registry.probe("queue", "Q.", [] { return 1.0; }, {{"pool", "hash"}});
      EXPECT_THAT(registry.render(), HasSubstr("queue{pool=\"hash\"} 1\n"));
    }
  }
  EXPECT_THAT(registry.render(), Not(HasSubstr("queue{")));
}

TEST(Metrics, NumbersThatAreNoneHaveTheirNames) {
  MetricsRegistry registry;
  registry.gauge("a", "A.").set(HUGE_VAL);
  registry.gauge("b", "B.").set(std::nan(""));
  registry.gauge("c", "C.").set(1e21);
  EXPECT_THAT(registry.render(), HasSubstr("\na +Inf\n"));
  EXPECT_THAT(registry.render(), HasSubstr("\nb NaN\n"));
  EXPECT_THAT(registry.render(), HasSubstr("\nc 1e+21\n"));
}

double value_of(const std::string& text, const std::string& name) {
  const auto at = text.find("\n" + name + " ");
  return at == text.npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(ProcessMetrics, SayWhatTheKernelKnows) {
  const auto text = render_prometheus();
  EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value_of(text, "process_virtual_memory_bytes"), value_of(text, "process_resident_memory_bytes"));
  EXPECT_GE(value_of(text, "process_open_fds"), 3);
  EXPECT_GT(value_of(text, "process_max_fds"), value_of(text, "process_open_fds"));
  EXPECT_GE(value_of(text, "process_cpu_seconds_total"), 0);
  EXPECT_GE(value_of(text, "process_threads"), 1);
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(value_of(text, "process_start_time_seconds"), now, 3600);
}

}  // namespace
}  // namespace chat
