#include "app/loop_metrics.hpp"

#include <string>

namespace chat::app {
namespace {

using transport::LoopStats;
using Loops = std::vector<std::unique_ptr<transport::EventLoop>>;

struct Row {
  const char* name;
  const char* help;
  double (*read)(const LoopStats&);
};

double value(const transport::Counter& c) { return static_cast<double>(c.value()); }

constexpr Row kRows[] = {
    {"chatd_connections", "Open connections that are no WebSockets.",
     [](const LoopStats& s) { return value(s.http_opened) - value(s.http_closed); }},
    {"chatd_websockets", "Open WebSockets.",
     [](const LoopStats& s) { return value(s.connections_opened) - value(s.connections_closed); }},
    {"chatd_accepted_total", "Connections accepted.", [](const LoopStats& s) { return value(s.accepted); }},
    {"chatd_flush_turns_total", "Turns of a shard that ended with a flush.",
     [](const LoopStats& s) { return value(s.flush_turns); }},
    {"chatd_flush_seconds_total", "Time spent in flushes.",
     [](const LoopStats& s) { return value(s.flush_nanoseconds) / 1e9; }},
    {"chatd_frames_sent_total", "Frames handed to connections. Divided by flush turns: how much is coalesced.",
     [](const LoopStats& s) { return value(s.messages_sent); }},
    {"chatd_sends_total", "System calls that sent something.", [](const LoopStats& s) { return value(s.sends); }},
    {"chatd_short_writes_total", "Of those, how many the kernel could not take whole.",
     [](const LoopStats& s) { return value(s.short_writes); }},
    {"chatd_sent_bytes_total", "Bytes sent.", [](const LoopStats& s) { return value(s.bytes_sent); }},
    {"chatd_received_bytes_total", "Bytes received.", [](const LoopStats& s) { return value(s.bytes_received); }},
    {"chatd_frames_received_total", "Messages received on WebSockets.",
     [](const LoopStats& s) { return value(s.messages_received); }},
    {"chatd_slow_readers_closed_total", "WebSockets closed because they fell behind.",
     [](const LoopStats& s) { return value(s.slow_readers_closed); }},
};

}  // namespace

std::vector<MetricsRegistry::Probe> probe_loops(const Loops& loops) {
  std::vector<MetricsRegistry::Probe> probes;
  for (const Row& row : kRows)
    probes.push_back(metrics().probe(row.name, row.help, [&loops, read = row.read] {
      double sum = 0;
      for (const auto& loop : loops) sum += read(loop->stats());
      return sum;
    }));
  return probes;
}

JournalMetrics::JournalMetrics(std::size_t lanes)
    : messages_(metrics().counter("chatd_journal_messages_total", "Messages sent to the database.")),
      batch_(metrics().histogram("chatd_journal_batch_messages", "Messages in one transaction.", kBatchSizes)),
      seconds_(metrics().histogram("chatd_journal_flight_seconds", "One transaction, from send to durable.")) {
  for (std::size_t i = 0; i < lanes; ++i) {
    const MetricLabels labels{{"lane", std::to_string(i)}};
    lanes_.push_back({&metrics().gauge("chatd_journal_queued_messages", "Waiting or in flight in a lane.", labels),
                      &metrics().gauge("chatd_journal_queued_bytes", "Waiting or in flight in a lane.", labels),
                      &metrics().gauge("chatd_journal_writable", "1: the lane can write.", labels)});
    lanes_.back().writable->set(1);
  }
}

void JournalMetrics::on_flight(std::size_t messages, std::size_t, std::chrono::nanoseconds took) {
  messages_.add(messages);
  batch_.observe(static_cast<double>(messages));
  seconds_.observe(std::chrono::duration<double>(took).count());
}

void JournalMetrics::on_queue(std::size_t lane, std::size_t messages, std::size_t bytes) {
  if (lane >= lanes_.size()) return;
  lanes_[lane].messages->set(static_cast<double>(messages));
  lanes_[lane].bytes->set(static_cast<double>(bytes));
}

void JournalMetrics::on_refused(Errc code) {
  metrics().counter("chatd_journal_refused_total", "Changes refused, by reason.", {{"code", to_string(code)}}).add();
}

void JournalMetrics::on_writable(std::size_t lane, bool writable) {
  if (lane < lanes_.size()) lanes_[lane].writable->set(writable ? 1 : 0);
}

}  // namespace chat::app
