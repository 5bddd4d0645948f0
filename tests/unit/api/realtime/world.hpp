// The realtime session at one end of a socket pair, a client at the other: the real session on the real fan-out and
// operations; the stores, the journal and the clock do what the test says. Everything happens on the test's thread but
// the reads of the stores.
#pragma once

#include "api/operations/operations.hpp"
#include "api/operations/typing.hpp"
#include "api/realtime/emulation.hpp"
#include "api/realtime/realtime.hpp"
#include "chat/feeds.hpp"
#include "chat/live_sessions.hpp"
#include "chat/messages.hpp"
#include "chat/unread_board.hpp"
#include "fanout/fanout.hpp"
#include "support/fake_journal.hpp"
#include "unit/api/cluster_free_bus.hpp"
#include "unit/chat/world.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace chat::testing {

// The logs of feeds. Thread-safe.
class FakeLogs final : public HistoryStore {
 public:
  Weather weather;

  // The next event of the feed, stored and yet to be committed to the fan-out.
  std::shared_ptr<const Event> add(const FeedKey& feed, Event event);
  std::shared_ptr<const Event> add_message(RoomId room, UserId author, std::string content);
  std::shared_ptr<const Event> add_removal(RoomId room, UserId user);
  // There is no such feed any more.
  void forget(const FeedKey& feed);
  // What is older is kept no more.
  void keep_from(const FeedKey& feed, Seq first);

  Result<HistoryPage> history_page(RoomId, UserId, std::int64_t, std::int64_t) override;
  Result<EventPage> events_after(const FeedKey& feed, Seq after, PageLimit limit) override;
  Result<EventPage> events_before(const FeedKey& feed, Seq before, PageLimit limit) override;
  Result<FeedHead> feed_head(const FeedKey& feed) override;
  Result<Seq> seq_before_last(RoomId, std::int64_t) override { return Seq(0); }

 private:
  struct Log {
    std::vector<Event> events;
    Seq first{1};
  };
  Result<FeedHead> head_of(const FeedKey& feed);

  std::mutex mutex_;
  std::map<FeedKey, Log> logs_;
  std::set<FeedKey> gone_;
};

class RealtimeWorld;

// The client's end of a connection: a WebSocket, or an answer that does not end.
class Peer {
 public:
  Peer(RealtimeWorld& world, int fd, bool is_websocket) : world_(world), fd_(fd), is_websocket_(is_websocket) {}
  ~Peer() { leave(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // One frame of text, or one request to /emulation.
  void say(std::string_view commands);
  void frame(unsigned char opcode, std::string_view payload);
  void leave();
  // Takes what has arrived, at most so many bytes.
  std::size_t read(std::size_t bytes = 1 << 20);

  // What came, object by object; pings are "{}".
  const std::vector<std::string>& lines() const noexcept { return lines_; }
  bool got(std::string_view text) const;
  // The reply to that command, once it has come; waits for it.
  std::string reply(std::uint32_t id);
  // The first object that has this text; waits for it.
  std::string line_with(std::string_view text);
  // Code and reason of the end, which is waited for: of the close frame, or of the disconnect push.
  std::pair<int, std::string> closing();
  bool closed() const noexcept { return code_ != 0; }
  bool complete() const noexcept { return complete_; }  // a stream: its last chunk has come

  std::shared_ptr<api::RealtimeSession> session;
  transport::ConnectionPtr connection;

 private:
  void take_frames();
  void take_chunks();
  void take_objects(std::string_view objects);

  RealtimeWorld& world_;
  int fd_;
  const bool is_websocket_;
  std::string bytes_;
  std::vector<std::string> lines_;
  int code_ = 0;
  bool complete_ = false;
  std::string reason_;
};

struct RealtimeSetup {
  api::RealtimeOptions realtime = {};
  LiveSessionsOptions live = {};
  MessagesOptions sending = {};
  int socket_buffer = 0;  // bytes each way; 0: the system's
};

// Options whose times are milliseconds: the session asks the manual clock whether they are over.
api::RealtimeOptions quick_options();

class RealtimeWorld {
 public:
  explicit RealtimeWorld(RealtimeSetup setup = {});
  ~RealtimeWorld();

  // Connections: opened; with `connect` answered, as Ada. Owned by the world.
  Peer& open(std::string_view query = {});
  Peer& open_stream(std::string first_commands);  // http_stream, JSON
  Peer& attach(std::shared_ptr<api::RealtimeSession> session, bool is_websocket = true);
  Peer& enter(std::string_view connect_more = {});
  Peer& enter_stream();

  // Another room of Ada's, or of whomever.
  Room add_room(std::string name, RoomKind kind = RoomKind::public_room, std::optional<UserId> creator = {});

  // Has happened: stored and told.
  void commit(std::shared_ptr<const Event> event);
  void say(std::string content) { commit(logs.add_message(room.id, grace.id, std::move(content))); }
  std::string channel() const { return "room:" + room.id.str(); }
  std::string own_channel() const { return "user:" + ada.id.str(); }
  // {"id":<id>,"<method>":{"channel":"room:<room>"<more>}}
  std::string command(std::uint32_t id, std::string_view method, std::string_view more = {}) const;
  std::string subscribe(std::uint32_t id, std::string_view more = {}) const { return command(id, "subscribe", more); }

  void turn();
  // False: not within ten seconds.
  template <class Condition>
  bool until(Condition holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      turn();
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
  }
  // The loop runs, and what has arrived is not read.
  void idle(std::chrono::milliseconds time);

  const RealtimeSetup setup;
  World rules;
  FakeLogs logs;
  FakeJournal journal;
  QuietBus bus;
  transport::EventLoop loop{{.tick = std::chrono::milliseconds(1)}};
  std::shared_ptr<LiveSessions> live;
  std::shared_ptr<UnreadBoard> unread;
  Messages messages;
  Feeds feeds;
  fanout::FanOut fan_out;
  api::Typing typing;
  api::Operations operations;
  api::Realtime realtime;
  api::EmulatedSessions emulated;
  User ada, grace;
  std::string token;  // Ada's
  Room room;          // public, Ada's

 private:
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace chat::testing
