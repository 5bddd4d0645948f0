// The order of write-path.md against a simple model: random joins, leaves, replies, own messages and repeats, short
// writes, slices, pages, lost and reordered hints. Whatever happens, a socket sees its room's events in seq order with
// nothing left out, its own messages as acknowledgements in their place, and a reply behind all that was owed before
// it.
#include "world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace chat::fanout::test {
namespace {

// What the model knows of a client.
struct Peer {
  std::shared_ptr<Client> client;
  std::size_t room = 0;
  Audience audience = Audience::messages;
  ReplayStart start;
  std::int64_t first_low = 0;              // the last number that is certainly not replayed lies at or above this ...
  std::map<std::string, std::string> own;  // message id -> client_id of what it sent
  std::vector<std::pair<std::string, std::int64_t>> repeats;  // client_id and the seq of the first answer
  std::vector<std::int64_t> markers;  // last seq of the stream when marker i was sent; -1: was not yet current
  bool left = false;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : world_(options(seed), seed), random_(world_.random) {
    for (std::size_t i = 0; i < 1 + below(random_, 2); ++i) {
      rooms_.push_back(RoomId::make());
      pending_.emplace_back();
      for (std::size_t n = below(random_, 12); n > 0; --n) store().add_message(rooms_[i], stranger_, text());
    }
  }

  void run(std::size_t steps) {
    for (std::size_t i = 0; i < steps; ++i) step();
    for (std::size_t room = 0; room < rooms_.size(); ++room) {
      while (!pending_[room].empty()) deliver_commit(room);
      // Nothing may be lost for good: the last event is always heard of.
      world_.say(rooms_[room], "the end");
    }
    while (!answers_.empty()) answer();
    world_.settle();
    for (const Peer& peer : peers_) check(peer);
  }

 private:
  static WorldOptions options(std::uint64_t seed) {
    Random random(seed * 7919);
    WorldOptions out;
    out.shards = 1 + below(random, 3);
    out.fan_out.ring_bytes = 300 + below(random, 3000);
    out.fan_out.flush_slice = 1 + below(random, 3);
    out.fan_out.page_bytes = 200 + below(random, 2000);
    out.fan_out.page_events = 1 + below(random, 6);
    out.fan_out.held_events = 1 + below(random, 4);
    out.fan_out.gap_grace = std::chrono::milliseconds(0);
    out.fan_out.retry_delay = std::chrono::milliseconds(1);
    out.fan_out.room_linger = std::chrono::milliseconds(1 + below(random, 3));
    out.fan_out.join_notice_max_sockets = below(random, 6);
    out.websocket.low_water_bytes = 100 + below(random, 1000);
    out.websocket.send_bytes = 50 + below(random, 4000);
    out.short_writes = 1 + below(random, 4);
    if (one_in(random, 4)) out.websocket.backlog_bytes = 3000;  // some are closed as slow
    out.send_buffer = one_in(random, 2) ? 1 : 0;                // the kernel's least
    return out;
  }

  FakeStore& store() { return world_.store; }
  std::string text() { return std::string(1 + below(random_, one_in(random_, 10) ? 3000 : 80), 'x'); }
  std::int64_t head(std::size_t room) { return static_cast<std::int64_t>(store().log(rooms_[room]).size()); }

  void step() {
    switch (below(random_, 16)) {
      case 0:
        return join();
      case 1:
        return leave();
      case 2:
      case 3:
      case 4:
        return speak();
      case 5:
        return foreign_event();
      case 6:
      case 7:
        return deliver_commit(below(random_, rooms_.size()));
      case 8:
        return reply();
      case 9:
        return answer();
      case 10:
      case 11:
        world_.run_job();
        return;
      case 12:
        if (!peers_.empty()) pick().client->read(1 + below(random_, 2000));
        return;
      default:
        world_.poll(below(random_, world_.loops.size()));
    }
  }

  Peer& pick() { return peers_[below(random_, peers_.size())]; }

  void join() {
    if (peers_.size() > 12) return;
    Peer& peer = peers_.emplace_back();
    peer.client = Client::connect(world_, below(random_, world_.loops.size()), "n");
    peer.room = below(random_, rooms_.size());
    peer.audience = one_in(random_, 3) ? Audience::events : Audience::messages;
    const std::int64_t newest = head(peer.room);
    if (one_in(random_, 2)) {
      peer.start = {ReplayStart::Kind::after,
                    Seq(static_cast<std::int64_t>(below(random_, static_cast<std::size_t>(newest) + 1))), 0};
    } else {
      peer.start = {ReplayStart::Kind::last, Seq(), below(random_, 15)};
    }
    peer.client->enter(rooms_[peer.room], peer.audience, peer.start);
  }

  void leave() {
    if (peers_.empty() || !one_in(random_, 3)) return;
    Peer& peer = pick();
    peer.left = true;
    if (one_in(random_, 2)) {
      peer.client->hang_up();
    } else if (peer.client->socket()) {
      peer.client->socket()->close(1000);
    }
  }

  // A message of a socket: stored at once, told in order, but when is chance.
  void speak() {
    if (peers_.empty()) return;
    Peer& peer = pick();
    if (!peer.client->may_speak || peer.client->closed() || !peer.client->socket() || !peer.client->socket()->is_open())
      return;
    const RoomId room = rooms_[peer.room];
    const MessageId id = MessageId::make();
    const std::string client_id = one_in(random_, 3) ? "" : "c" + std::to_string(++serial_);
    peer.client->subscription.expect_own(id, client_id, 1);
    if (!client_id.empty() && one_in(random_, 4) && !peer.own.empty()) {
      // The journal knows the key: the first message's answer comes instead, sooner or later.
      const auto first = std::next(peer.own.begin(), static_cast<std::ptrdiff_t>(below(random_, peer.own.size())));
      const auto& log = store().log(room);
      const auto event =
          std::find_if(log.begin(), log.end(), [&](const Event& e) { return e.id.str() == first->first; });
      const Stored stored{event->id.value, event->seq, Ordinal(), event->at, true};
      peer.repeats.emplace_back(client_id, event->seq.value);
      answers_.push_back([client = peer.client, id, stored] { client->subscription.answer_repeat(id, stored); });
      return;
    }
    peer.own[id.str()] = client_id;
    auto event = store().add_message(room, peer.client->who.user, text(), id);
    pending_[peer.room].push_back({std::move(event), peer.client->origin()});
  }

  // Of another node: its hint may be lost, doubled or late.
  void foreign_event() {
    const std::size_t room = below(random_, rooms_.size());
    const bool edit = head(room) > 0 && one_in(random_, 3);
    std::shared_ptr<const Event> event;
    if (edit) {
      const Seq message(1 + static_cast<std::int64_t>(below(random_, static_cast<std::size_t>(head(room)))));
      if (!store().log(rooms_[room])[static_cast<std::size_t>(message.value) - 1].message) return;
      event = store().add_edit(rooms_[room], message, "edited");
    } else {
      event = store().add_message(rooms_[room], stranger_, text());
    }
    for (std::size_t copies = below(random_, 3); copies > 0; --copies) hints_.push_back(event);
    while (!hints_.empty() && one_in(random_, 2)) {
      const std::size_t i = below(random_, hints_.size());
      world_.bus.receiver(world_.commit_of(hints_[i]));
      hints_.erase(hints_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  // One commit of this node, in the order of the journal.
  void deliver_commit(std::size_t room) {
    Commit commit;
    for (std::size_t n = 1 + below(random_, 3); n > 0 && !pending_[room].empty(); --n) {
      commit.events.push_back(pending_[room].front());
      pending_[room].pop_front();
    }
    if (!commit.events.empty()) world_.fan_out->on_commit(commit);
  }

  void reply() {
    if (peers_.empty()) return;
    Peer& peer = pick();
    auto* socket = peer.client->socket();
    if (!socket || !socket->is_open()) return;
    const bool current = peer.client->subscription.current();
    peer.markers.push_back(current ? peer.client->subscription.stream().last_seq().value : -1);
    static_cast<transport::WebSocket*>(socket)->send_text(R"({"type":"marker","seq":)" +
                                                          std::to_string(peer.markers.size() - 1) + "}");
  }

  void answer() {
    if (answers_.empty()) return;
    const std::size_t i = below(random_, answers_.size());
    answers_[i]();
    answers_.erase(answers_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  bool shown(const Peer& peer, const Event& event) const {
    if (!is_shown_to(peer.audience, event.kind)) return false;
    const auto own = peer.own.find(event.id.str());
    return own == peer.own.end() || !own->second.empty();
  }

  void check(const Peer& peer) {
    SCOPED_TRACE("peer on room " + std::to_string(peer.room));
    const auto& log = store().log(rooms_[peer.room]);
    const bool complete = !peer.left && !peer.client->closed();
    std::int64_t at = 0;  // the newest number seen
    bool begun = false;
    std::size_t markers = 0;
    const auto next_shown = [&](std::int64_t after) {
      auto seq = static_cast<std::size_t>(after);
      while (seq < log.size() && !shown(peer, log[seq])) ++seq;
      return static_cast<std::int64_t>(seq) + 1;  // beyond the end when there is none
    };
    if (peer.start.kind == ReplayStart::Kind::after) {
      at = peer.start.after.value;
      begun = true;
    }
    for (const Received& one : peer.client->received) {
      if (one.type == "join" || one.type == "leave") {
        EXPECT_EQ(one.seq, 0);
        continue;
      }
      if (one.type == "close") break;
      if (one.type == "marker") {
        ASSERT_EQ(one.seq, static_cast<std::int64_t>(markers));
        const std::int64_t then = peer.markers[markers++];
        if (then < 0 || !begun) continue;
        EXPECT_GT(next_shown(at), then) << "the reply overtook what was owed";
        EXPECT_LE(at, std::max(then, peer.start.after.value)) << "what came later overtook the reply";
        continue;
      }
      const auto repeat = std::find_if(peer.repeats.begin(), peer.repeats.end(),
                                       [&](const auto& r) { return r.first == one.client_id; });
      if (one.type == "ack" && repeat != peer.repeats.end()) {
        EXPECT_EQ(one.seq, repeat->second);
        if (begun) {
          EXPECT_GT(next_shown(at), one.seq) << "the ack of a repeat came before what it follows";
        }
        continue;
      }
      if (!begun) {
        begun = true;
        at = one.seq - 1;
      }
      ASSERT_EQ(one.seq, next_shown(at)) << "after " << at << ": " << one.text.substr(0, 100);
      const Event& event = log[static_cast<std::size_t>(one.seq) - 1];
      EXPECT_EQ(one.id, event.id.str());
      const auto own = peer.own.find(one.id);
      EXPECT_EQ(one.type, own != peer.own.end() ? "ack" : event.message ? "message" : "message_edited");
      if (own != peer.own.end()) {
        EXPECT_EQ(one.client_id, own->second);
      }
      at = one.seq;
    }
    if (!complete) return;
    if (begun) {
      EXPECT_GT(next_shown(at), static_cast<std::int64_t>(log.size())) << "left out";
    }
    EXPECT_EQ(markers, peer.markers.size());
    EXPECT_EQ(peer.client->subscription.in_flight(), 0u);
    EXPECT_TRUE(peer.client->subscription.current());
    EXPECT_FALSE(peer.client->subscription.owes());
    if (peer.start.kind == ReplayStart::Kind::last && peer.start.messages > 0) {
      EXPECT_TRUE(begun);  // "the end" at least
    }
    for (const auto& [client_id, seq] : peer.repeats) {
      EXPECT_EQ(std::count_if(peer.client->received.begin(), peer.client->received.end(),
                              [&id = client_id](const Received& one) { return one.client_id == id; }),
                1);
    }
  }

  World world_;
  Random& random_;
  const UserId stranger_ = UserId::make();
  std::vector<RoomId> rooms_;
  std::vector<std::deque<CommittedEvent>> pending_;  // committed, not yet told to the sink; in order
  std::vector<std::shared_ptr<const Event>> hints_;
  std::vector<std::function<void()>> answers_;
  std::deque<Peer> peers_;
  int serial_ = 0;
};

TEST(Order, HoldsWhateverHappens) {
  const char* only = std::getenv("ORDER_SEED");
  const char* wanted = std::getenv("ORDER_SEEDS");
  const std::uint64_t first = only ? std::strtoull(only, nullptr, 10) : 1;
  const std::uint64_t seeds = only ? 1 : wanted ? std::strtoull(wanted, nullptr, 10) : 1000;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " (ORDER_SEED=" + std::to_string(seed) + " runs it alone)");
    Simulation(seed).run(400);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace chat::fanout::test
