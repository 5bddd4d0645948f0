#include "load/traffic.hpp"

#include <algorithm>
#include <bit>

namespace load {

TrafficOptions traffic_options(const Options& given) {
  TrafficOptions o;
  o.members = given.count("members", o.members);
  o.senders = given.count("senders", o.senders);
  o.window = std::max<std::size_t>(1, given.count("window", o.window));
  o.rate = given.number("rate", 0);
  o.payload = given.count("payload", o.payload);
  o.burst = std::max<std::size_t>(1, given.count("burst", o.burst));
  const std::string until = given.text("until", "all");
  if (until != "all" && until != "ack" && until != "one") die("--until wants all, ack or one");
  o.until = until == "all"   ? TrafficOptions::Until::all
            : until == "ack" ? TrafficOptions::Until::ack
                             : TrafficOptions::Until::one;
  if (o.payload < kStampBytes) die("--payload wants at least " + std::to_string(kStampBytes));
  if (o.members == 0 || o.senders == 0) die("a room wants a member and a sender at least");
  return o;
}

Traffic::Traffic(Run& run, Swarm& swarm, TrafficOptions options)
    : run_(run), swarm_(swarm), options_(options), traits_(swarm.dialect().traits()) {
  if (options_.rooms == 0) options_.rooms = run.rooms.size();
  if (options_.rooms > run.rooms.size()) die("more rooms are to talk than there are");
  if (options_.until == TrafficOptions::Until::ack && !traits_.acks) die("this dialect has no acks");
  receivers_ = options_.members + (traits_.senders_receive ? options_.senders - 1 : 0);
  need_ = static_cast<std::uint32_t>(receivers_ + (traits_.acks ? 1 : 0));
  swarm_.watch_by(this);
}

void Traffic::open() {
  rooms_.resize(options_.rooms);
  for (Room& room : rooms_) room.senders.resize(options_.senders);
  const std::size_t in_room = options_.members + options_.senders;
  open_all(run_, swarm_, options_.rooms * in_room, options_.burst, false, [&](std::size_t i) {
    const std::size_t room = i / in_room, place = i % in_room;
    Role role = run_.role(next_index_++, room);
    role.sends = place >= options_.members;
    if (role.sends) {
      role.sender = static_cast<std::uint32_t>(place - options_.members);
      role.receives = traits_.senders_receive;
    }
    Connection& c = swarm_.add(role, options_.senders, 1);
    c.counted = true;
    if (role.sends) {
      rooms_[room].senders[role.sender].connection = &c;
      speakers_.push_back(&c);
    } else {
      rooms_[room].last_member = &c;
      members_.push_back(&c);
    }
  });
  for (std::size_t s = 0; s < options_.senders; ++s)
    for (Room& room : rooms_) order_.push_back(&room.senders[s]);
  const std::size_t ring = std::bit_ceil(std::max<std::size_t>(16, 2 * options_.window));
  for (Sender* s : order_) {
    s->remaining.resize(ring);
    s->sent_at.resize(ring);
  }
}

void Traffic::start() {
  sending_ = true;
  first_due_ns_ = progress_ns_ = now_ns();
  due_count_ = 0;
  if (options_.rate > 0) return;
  for (Sender* s : order_) fill(*s);
}

void Traffic::publish(Sender& s, std::uint64_t when_ns) {
  const std::uint32_t number = ++s.sent;
  if (s.sent - s.acked >= s.sent_at.size()) {  // at a rate there is no bound to what is in flight
    std::vector<std::uint64_t> larger(2 * s.sent_at.size());
    for (std::uint32_t n = s.acked + 1; n < number; ++n) larger[n % larger.size()] = s.sent_at[n % s.sent_at.size()];
    s.sent_at = std::move(larger);
  }
  s.sent_at[number % s.sent_at.size()] = when_ns;
  if (options_.rate == 0) s.remaining[number % s.remaining.size()] = need_;
  const Stamp stamp{s.connection->role().room, s.connection->role().sender, number, when_ns};
  content_.clear();
  append_stamp(content_, stamp);
  content_.append(options_.payload - kStampBytes, 'x');
  swarm_.publish(*s.connection, stamp, content_);
  ++sent_;
}

void Traffic::fill(Sender& s) {
  s.dirty = false;
  if (!sending_ || options_.rate > 0) return;
  const std::uint32_t done = options_.until == TrafficOptions::Until::ack ? s.acked : s.done;
  while (s.sent - done < options_.window && s.sent < allowed_) publish(s, now_ns());
  swarm_.flush(*s.connection);
}

// Every message that is due by now, stamped with when it was due, however late that is.
void Traffic::send_due() {
  const double gap_ns = 1e9 / options_.rate;
  const std::uint64_t now = now_ns();
  for (;;) {
    const std::uint64_t due = first_due_ns_ + static_cast<std::uint64_t>(static_cast<double>(due_count_) * gap_ns);
    if (due > now) return;
    Sender& s = *order_[due_count_++ % order_.size()];
    if (s.sent >= allowed_) continue;
    publish(s, due);
    swarm_.flush(*s.connection);
  }
}

void Traffic::turn(std::uint64_t until_ns) {
  if (sending_ && options_.rate > 0) {
    const double gap_ns = 1e9 / options_.rate;
    until_ns = std::min(until_ns, first_due_ns_ + static_cast<std::uint64_t>(static_cast<double>(due_count_) * gap_ns));
  }
  swarm_.loop().turn(std::min(until_ns, now_ns() + kSecond / 4));
  if (sending_ && options_.rate > 0) send_due();
  for (std::size_t i = 0; i < dirty_.size(); ++i) fill(*dirty_[i]);
  dirty_.clear();
  notice_stall();
}

void Traffic::notice_stall() {
  const std::uint64_t now = now_ns();
  if (all_there() || progress_ != delivered_ + acked_) {
    progress_ = delivered_ + acked_;
    progress_ns_ = now;
  } else if (seconds(now - progress_ns_) > run_.patience_s) {
    die("deliveries stopped: " + std::to_string(delivered_) + " of " + std::to_string(owed()) + " came, " +
        std::to_string(acked_) + " of " + std::to_string(sent_) + " messages were acknowledged");
  }
}

void Traffic::turn_for(double time) {
  const std::uint64_t until = now_ns() + nanoseconds(time);
  while (now_ns() < until) turn(until);
}

void Traffic::allow(std::uint32_t count) {
  const auto most = std::max_element(order_.begin(), order_.end(), [](auto* a, auto* b) { return a->sent < b->sent; });
  allowed_ = (*most)->sent + count;
  if (sending_ && options_.rate == 0)
    for (Sender* s : order_) touch(*s);
}

void Traffic::turn_until_sent() {
  const std::uint64_t all = static_cast<std::uint64_t>(allowed_) * order_.size();
  while (sent_ < all) turn(now_ns() + kSecond);
}

void Traffic::turn_until_there() {
  while (!all_there()) turn(now_ns() + kSecond);
}

void Traffic::drain() {
  turn_until_there();
  turn_for(0.1);
  if (delivered_ != owed()) die("more was delivered than sent");
}

void Traffic::on_events(Connection& c, std::span<const Event> events, std::uint64_t now) {
  if (!c.counted) {
    if (others) others->on_events(c, events, now);
    return;
  }
  for (const Event& e : events) {
    if (e.kind == Event::Kind::delivery) on_delivery(c, e, now);
    if (e.kind == Event::Kind::ack) on_ack(c, e, now);
  }
}

inline void Traffic::on_delivery(Connection& c, const Event& e, std::uint64_t now) {
  ++delivered_;
  if (measured(e.stamp.sent_ns)) delivery.record(now - e.stamp.sent_ns);
  if (also) also->record(now - e.stamp.sent_ns);
  if (options_.rate > 0) return;
  Room& room = rooms_[e.stamp.room];
  Sender& s = room.senders[e.stamp.sender];
  if (options_.until == TrafficOptions::Until::all) {
    if (--s.remaining[e.stamp.number % s.remaining.size()] == 0) finish(s);
  } else if (options_.until == TrafficOptions::Until::one && room.last_member == &c) {
    finish(s);
  }
}

inline void Traffic::on_ack(Connection& c, const Event& e, std::uint64_t now) {
  Sender& s = rooms_[c.role().room].senders[c.role().sender];
  if (e.stamp.number > s.sent) die(describe(c) + " got the ack of a message that it has not sent");
  ++acked_;
  s.acked = e.stamp.number;
  const std::uint64_t sent_at = s.sent_at[e.stamp.number % s.sent_at.size()];
  if (measured(sent_at)) ack.record(now - sent_at);
  if (options_.rate > 0) return;
  if (options_.until == TrafficOptions::Until::all) {
    if (--s.remaining[e.stamp.number % s.remaining.size()] == 0) finish(s);
  } else if (options_.until == TrafficOptions::Until::ack) {
    touch(s);
  }
}

void add_traffic(Json& out, const Run& run, const Traffic& traffic, const TrafficOptions& options, const Counts& m) {
  const double time = run.measured_s();
  out.set("members", options.members).set("senders", options.senders).set("payload", options.payload);
  if (options.rate > 0) {
    out.set("rate", options.rate);
  } else {
    out.set("window", options.window);
  }
  out.set("seconds", time).set("sent", m.sent).set("acked", m.acked).set("delivered", m.delivered);
  out.set("bytes_received", m.bytes);
  out.set("messages_per_s", static_cast<double>(m.sent) / time);
  out.set("deliveries_per_s", static_cast<double>(m.delivered) / time);
  out.set("checked", traffic.delivered()).set("delivery_us", traffic.delivery);
  if (traffic.ack.count()) out.set("ack_us", traffic.ack);
  if (!run.processes.has("server")) return;
  const Usage cost = run.processes.spent("server");
  out.set("deliveries_per_cpu_s", static_cast<double>(m.delivered) / cost.cpu_s());
  out.set("messages_per_cpu_s", static_cast<double>(m.sent) / cost.cpu_s());
  out.set("user_us_per_delivery", 1e6 * cost.user_s / static_cast<double>(m.delivered));
}

}  // namespace load
