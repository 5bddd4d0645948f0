// Rooms that talk: in each of them so many members who listen and so many senders, who publish either as fast as a
// window of messages in flight lets them or at a rate; and the account of what is owed to whom.
#pragma once

#include <string>
#include <vector>

#include "load/histogram.hpp"
#include "load/run.hpp"
#include "load/swarm.hpp"

namespace load {

struct TrafficOptions {
  std::size_t members = 1000, senders = 1;                // of each room
  std::size_t rooms = 0;                                  // the first ones of the run; 0: all
  std::size_t window = 1;                                 // messages of each sender in flight, when rate is 0
  double rate = 0;                                        // messages/s of all senders together
  enum class Until { all, ack, one } until = Until::all;  // when a message is no longer in flight
  std::size_t payload = 120;                              // bytes of content
  std::size_t burst = 1000;                               // handshakes unfinished at a time
};

TrafficOptions traffic_options(const Options& given);

struct Counts {
  std::uint64_t sent = 0, acked = 0, delivered = 0, bytes = 0;
  friend Counts operator-(const Counts& a, const Counts& b) {
    return {a.sent - b.sent, a.acked - b.acked, a.delivered - b.delivered, a.bytes - b.bytes};
  }
};

class Traffic final : public Watcher {
 public:
  Traffic(Run& run, Swarm& swarm, TrafficOptions options);

  // Connects everybody, waits until all have joined.
  void open();
  // Sends from now on. After it, `turn` in a loop.
  void start();
  // Each sender may send so many messages more, and no others.
  void allow(std::uint32_t count);
  void stop() { sending_ = false; }
  // One turn of the loop, at most until `until_ns`, and whatever must be sent.
  void turn(std::uint64_t until_ns);
  void turn_for(double seconds);
  void turn_until_sent();   // all that `allow` allows
  void turn_until_there();  // all that was sent has come everywhere
  void drain();             // that, and a moment longer for what might come twice

  // Counts of all time; the latencies below are of messages that were sent in the run's measured time.
  Counts counts() const { return {sent_, acked_, delivered_, swarm_.bytes_received()}; }
  std::uint64_t delivered() const { return delivered_; }

  Histogram delivery, ack;
  Histogram* also = nullptr;  // gets every delivery's latency too
  Watcher* others = nullptr;  // told of connections that are not counted
  std::size_t connections() const { return next_index_; }
  std::span<const Connection* const> members() const { return members_; }
  std::span<Connection* const> speakers() const { return speakers_; }

  void on_events(Connection& c, std::span<const Event> events, std::uint64_t now) override;

 private:
  struct Sender {
    Connection* connection = nullptr;
    std::uint32_t sent = 0, acked = 0, done = 0;
    bool dirty = false;
    std::vector<std::uint32_t> remaining;  // of messages in flight: who has not got them; by number modulo its size
    std::vector<std::uint64_t> sent_at;    // of messages not acknowledged; likewise
  };
  struct Room {
    std::vector<Sender> senders;
    const Connection* last_member = nullptr;
  };

  void on_delivery(Connection& c, const Event& e, std::uint64_t now);
  void on_ack(Connection& c, const Event& e, std::uint64_t now);
  void finish(Sender& s) {
    ++s.done;
    touch(s);
  }
  void touch(Sender& s) {
    if (s.dirty) return;
    s.dirty = true;
    dirty_.push_back(&s);
  }
  bool measured(std::uint64_t sent_ns) const { return sent_ns >= run_.from_ns && sent_ns < run_.to_ns; }
  void publish(Sender& s, std::uint64_t when_ns);
  void fill(Sender& s);
  void send_due();
  void notice_stall();
  std::uint64_t owed() const { return sent_ * receivers_; }
  bool all_there() const { return delivered_ == owed() && (!traits_.acks || acked_ == sent_); }

  Run& run_;
  Swarm& swarm_;
  TrafficOptions options_;
  Traits traits_;
  std::vector<Room> rooms_;
  std::vector<const Connection*> members_;
  std::vector<Connection*> speakers_;
  std::vector<Sender*> order_;  // all senders, the rooms by turns: the order of an open loop
  std::vector<Sender*> dirty_;
  std::string content_;
  std::uint64_t receivers_ = 0;  // of each message
  std::uint32_t need_ = 0;       // receivers and the ack
  std::size_t next_index_ = 0;
  bool sending_ = false;
  std::uint32_t allowed_ = ~std::uint32_t{0};  // of each sender
  std::uint64_t first_due_ns_ = 0, due_count_ = 0;
  std::uint64_t sent_ = 0, acked_ = 0, delivered_ = 0;
  std::uint64_t progress_ = 0, progress_ns_ = 0;
};

// `counts` are those of the measured time.
void add_traffic(Json& out, const Run& run, const Traffic& traffic, const TrafficOptions& options,
                 const Counts& counts);

}  // namespace load
