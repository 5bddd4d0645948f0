// A node in one thread, driven by hand: loops that are polled, sockets that write as little as chance says, a store
// whose reads end when the test says so.
#pragma once

#include "fanout/fanout.hpp"
#include "fanout/subscriber.hpp"
#include "fanout/subscription.hpp"
#include "ports/bus.hpp"
#include "ports/stores.hpp"
#include "transport/websocket.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace chat::fanout::test {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t n) { return static_cast<std::size_t>(random() % n); }
inline bool one_in(Random& random, std::size_t n) { return below(random, n) == 0; }

// The feeds' logs, as the database has them.
class FakeStore final : public HistoryStore {
 public:
  std::map<FeedKey, std::vector<Event>> feeds;
  std::vector<Event>& log(RoomId room) { return feeds[FeedKey::room(room)]; }
  bool away = false;
  bool faulty = false;  // it throws
  std::size_t reads = 0;

  std::shared_ptr<const Event> add_message(RoomId room, UserId author, std::string content,
                                           MessageId id = MessageId::make());
  // Edits the message in the log and adds the event.
  std::shared_ptr<const Event> add_edit(RoomId room, Seq message, std::string content);

  Result<HistoryPage> history_page(RoomId, UserId, std::int64_t, std::int64_t) override {
    return Error(Errc::internal);
  }
  Result<EventPage> events_after(const FeedKey& feed, Seq after, PageLimit limit) override;
  Result<EventPage> events_before(const FeedKey&, Seq, PageLimit) override { return Error(Errc::internal); }
  Result<Seq> seq_before_last(RoomId room, std::int64_t messages) override;
  Result<FeedHead> feed_head(const FeedKey& feed) override;

  std::shared_ptr<const Event> add(const FeedKey& feed, Event event);
  // Removes the user from the room.
  std::shared_ptr<const Event> add_removal(RoomId room, UserId user);
  // Deletes the message, and what its edits said, in the log and adds the event.
  std::shared_ptr<const Event> add_deletion(RoomId room, Seq message);
  // Something for the user's own feed.
  std::shared_ptr<const Event> add_personal(UserId user, std::string payload);
  // What lies before is kept no more.
  void forget_before(const FeedKey& feed, Seq first) { first_kept_[feed] = first; }

 private:
  Seq first_kept(const FeedKey& feed) const;
  std::map<FeedKey, Seq> first_kept_;
};

class CountingBus final : public Bus {
 public:
  std::map<RoomId, int> watched;
  std::size_t published = 0;
  void publish(const Commit&) override { ++published; }
  void watch(const FeedKey& feed) override { ++watched[feed.room_id()]; }
  void unwatch(const FeedKey& feed) override { --watched[feed.room_id()]; }
  void set_receiver(std::function<void(const Commit&)> to) override { receiver = std::move(to); }
  std::function<void(const Commit&)> receiver;
};

// A frame as the client got it.
struct Received {
  std::string type;  // "message", "ack", "join", "error", "marker", "close", ...
  std::int64_t seq = 0;
  std::string id;
  std::string client_id;
  std::string text;  // the whole JSON; of a close frame the reason
  int code = 0;      // of a close frame
};

class World;

// A connection and the client at its other end.
class Connection : public transport::WebSocketHandler, public Subscriber {
 public:
  Connection(World& world, std::size_t shard, std::string name);
  ~Connection() override;

  template <class Kind, class... More>
  static std::shared_ptr<Kind> connect(World& world, std::size_t shard, std::string name, More... more) {
    auto made = std::make_shared<Kind>(world, shard, std::move(name), more...);
    made->open(made);
    return made;
  }
  // Reads at most `bytes` of what has arrived; answers how many there were.
  std::size_t read(std::size_t bytes = 1 << 20);
  void hang_up();
  bool closed() const noexcept { return closed_; }

  Entrant who;

  void on_open(transport::Connection& socket) override;
  void on_text(std::string_view) override {}
  void on_binary(std::string_view) override {}
  void on_writable() override { Subscriber::on_writable(); }
  void on_overflow(transport::Connection&) override { fail_slow("reads too slowly"); }
  void on_close(const transport::CloseInfo& info) override;
  UserId user() const override { return who.user; }
  Entrant entrant() const override { return who; }

 protected:
  // A WebSocket frame came.
  virtual void take(unsigned char opcode, std::string payload) = 0;

 private:
  void open(const std::shared_ptr<Connection>& self);
  void parse();

  World& world_;
  const std::size_t shard_;
  int fd_ = -1;
  std::string buffer_;
  bool closed_ = false;
};

// A connection in one room.
class Client final : public Connection {
 public:
  using Connection::Connection;
  ~Client() override { detach(); }

  static std::shared_ptr<Client> connect(World& world, std::size_t shard, std::string name) {
    return Connection::connect<Client>(world, shard, std::move(name));
  }
  void enter(RoomId room, Audience audience, ReplayStart start, std::optional<Seq> member_as_of = std::nullopt);
  std::vector<std::string> texts(std::string_view type) const;  // the `text` of what came of that type

  Subscription subscription{*this};
  std::vector<Received> received;
  bool may_speak = false;
  std::size_t settled = 0;  // own messages no longer in flight

  void on_own_settled() override { ++settled; }
  void on_replay_begins(Subscription&) override { may_speak = true; }

 private:
  void take(unsigned char opcode, std::string payload) override;
};

struct WorldOptions {
  std::size_t shards = 1;
  FanOutOptions fan_out;
  transport::WebSocketOptions websocket{.max_message_bytes = 65536, .ping_interval = std::chrono::milliseconds(0)};
  std::size_t short_writes = 0;  // one write in so many is cut or refused; 0 = none
  int send_buffer = 0;
};

class World {
 public:
  explicit World(WorldOptions options = {}, std::uint64_t seed = 1);
  ~World();

  Commit commit_of(std::shared_ptr<const Event> event, Origin origin = {}) { return {{{std::move(event), origin}}}; }
  void commit(std::shared_ptr<const Event> event, Origin origin = {}) { fan_out->on_commit(commit_of(event, origin)); }
  void say(RoomId room, std::string content) { commit(store.add_message(room, UserId::make(), std::move(content))); }

  void poll(std::size_t shard) { loops[shard]->poll(); }
  bool run_job();  // one read of the store
  void settle();   // until nothing moves any more

  WorldOptions options;
  Random random;
  FakeStore store;
  CountingBus bus;
  std::vector<std::unique_ptr<transport::EventLoop>> loops;
  std::deque<std::function<void()>> jobs;
  std::unique_ptr<FanOut> fan_out;
  std::vector<std::weak_ptr<Connection>> clients;
};

}  // namespace chat::fanout::test
