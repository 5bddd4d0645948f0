#include "world.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/parse.hpp>

#include <cerrno>
#include <stdexcept>

namespace chat::fanout::test {
namespace {

// Writes as little as chance says, now and then nothing at all.
class MoodyStream final : public transport::ByteStream {
 public:
  MoodyStream(int fd, Random& random, std::size_t one_in_so_many)
      : plain_(fd), random_(random), rate_(one_in_so_many) {}

  transport::IoResult try_read(std::span<char> into) override { return plain_.try_read(into); }
  transport::IoResult try_write(std::span<const iovec> from) override {
    if (rate_ == 0 || !one_in(random_, rate_) || from.empty()) return plain_.try_write(from);
    if (one_in(random_, 3)) return {.status = transport::IoStatus::would_block};
    iovec part = from[0];
    part.iov_len = 1 + below(random_, part.iov_len);
    return plain_.try_write({&part, 1});
  }
  void shutdown_send() noexcept override { plain_.shutdown_send(); }
  void reset() noexcept override { plain_.reset(); }
  int native_handle() const noexcept override { return plain_.native_handle(); }

 private:
  transport::PlainStream plain_;
  Random& random_;
  const std::size_t rate_;
};

Timestamp at(std::int64_t seq) { return Timestamp(std::chrono::seconds(1'800'000'000 + seq)); }

}  // namespace

// --- FakeStore ---

std::shared_ptr<const Event> FakeStore::add(const FeedKey& feed, Event event) {
  auto& log = feeds[feed];
  event.feed = feed;
  event.seq = Seq(static_cast<std::int64_t>(log.size()) + 1);
  event.at = at(event.seq.value);
  if (event.message) {
    event.message->room_id = feed.room_id();
    event.message->seq = event.seq;
    event.message->timestamp = event.at;
  }
  log.push_back(event);
  return std::make_shared<const Event>(std::move(event));
}

std::shared_ptr<const Event> FakeStore::add_message(RoomId room, UserId author, std::string content, MessageId id) {
  Event event;
  event.id = EventId(id.value);
  event.actor_id = author;
  event.actor_name = "someone";
  Message& message = event.message.emplace();
  message.id = id;
  message.author_id = author;
  message.author_name = "someone";
  message.content = std::move(content);
  return add(FeedKey::room(room), std::move(event));
}

std::shared_ptr<const Event> FakeStore::add_edit(RoomId room, Seq message, std::string content) {
  Event event;
  event.kind = EventKind::message_edited;
  event.id = EventId::make();
  event.message_seq = message;
  event.payload = R"({"content":")" + content + "\"}";
  auto added = add(FeedKey::room(room), std::move(event));
  Message& edited = *log(room)[static_cast<std::size_t>(message.value) - 1].message;
  edited.content = std::move(content);
  edited.edited_at = added->at;
  return added;
}

std::shared_ptr<const Event> FakeStore::add_deletion(RoomId room, Seq message) {
  Event event;
  event.kind = EventKind::message_deleted;
  event.id = EventId::make();
  event.message_seq = message;
  event.payload = "{}";
  for (Event& earlier : log(room)) {
    if (earlier.kind == EventKind::message_edited && earlier.message_seq == message) earlier.payload = "{}";
  }
  auto added = add(FeedKey::room(room), std::move(event));
  Message& deleted = *log(room)[static_cast<std::size_t>(message.value) - 1].message;
  deleted.content.clear();
  deleted.deleted_at = added->at;
  return added;
}

std::shared_ptr<const Event> FakeStore::add_removal(RoomId room, UserId user) {
  Event event;
  event.kind = EventKind::member_left;
  event.id = EventId::make();
  event.actor_id = UserId::make();
  event.actor_name = "an admin";
  event.payload = R"({"user_id":")" + user.str() + "\"}";
  return add(FeedKey::room(room), std::move(event));
}

std::shared_ptr<const Event> FakeStore::add_personal(UserId user, std::string payload) {
  Event event;
  event.kind = EventKind::invited;
  event.id = EventId::make();
  event.payload = std::move(payload);
  return add(FeedKey::user(user), std::move(event));
}

Seq FakeStore::first_kept(const FeedKey& feed) const {
  const auto found = first_kept_.find(feed);
  return found == first_kept_.end() ? Seq(1) : found->second;
}

Result<EventPage> FakeStore::events_after(const FeedKey& feed, Seq after, PageLimit limit) {
  ++reads;
  if (faulty) throw std::runtime_error("a fault of the store's");
  if (away) return Error(Errc::unavailable);
  const auto& log = feeds[feed];
  EventPage page;
  page.head.first_seq = first_kept(feed);
  page.head.last_seq = Seq(static_cast<std::int64_t>(log.size()));
  if (after.next() < page.head.first_seq) return page;
  std::size_t bytes = 0;
  for (auto i = static_cast<std::size_t>(after.value);
       i < log.size() && page.events.size() < limit.events && bytes < limit.bytes; ++i) {
    page.events.push_back(log[i]);
    bytes += log[i].message ? log[i].message->content.size() : log[i].payload.size();
  }
  page.at_head = page.events.empty() || page.events.back().seq == page.head.last_seq;
  return page;
}

Result<Seq> FakeStore::seq_before_last(RoomId room, std::int64_t messages) {
  if (faulty) throw std::runtime_error("a fault of the store's");
  if (away) return Error(Errc::unavailable);
  const auto& log = feeds[FeedKey::room(room)];
  for (std::size_t i = log.size(); i > 0; --i) {
    if (log[i - 1].message && --messages == 0) return log[i - 1].seq.prev();
  }
  return Seq(0);
}

Result<FeedHead> FakeStore::feed_head(const FeedKey& feed) {
  ++reads;
  if (faulty) throw std::runtime_error("a fault of the store's");
  if (away) return Error(Errc::unavailable);
  FeedHead head;
  head.first_seq = first_kept(feed);
  head.last_seq = Seq(static_cast<std::int64_t>(feeds[feed].size()));
  return head;
}

// --- Connection ---

Connection::Connection(World& world, std::size_t shard, std::string name)
    : who{UserId::make(), std::move(name)}, world_(world), shard_(shard) {}

Connection::~Connection() { hang_up(); }

void Connection::open(const std::shared_ptr<Connection>& self) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error("socketpair");
  if (world_.options.send_buffer > 0)
    ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &world_.options.send_buffer, sizeof(int));
  fd_ = ends[1];
  world_.clients.push_back(self);
  transport::WebSocket::open(*world_.loops[shard_],
                             std::make_unique<MoodyStream>(ends[0], world_.random, world_.options.short_writes), self,
                             world_.options.websocket, {}, {});
}

void Connection::on_open(transport::Connection& opened) { attach(world_.fan_out->shard(shard_), opened); }

void Connection::on_close(const transport::CloseInfo&) {
  closed_ = true;
  detach();
}

void Connection::hang_up() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::size_t Connection::read(std::size_t bytes) {
  const std::size_t wanted = bytes;
  char chunk[16384];
  while (fd_ >= 0 && bytes > 0) {
    const ssize_t n = ::recv(fd_, chunk, std::min(bytes, sizeof chunk), 0);
    if (n <= 0) break;
    buffer_.append(chunk, static_cast<std::size_t>(n));
    bytes -= static_cast<std::size_t>(n);
  }
  parse();
  return wanted - bytes;
}

void Connection::parse() {
  for (;;) {
    if (buffer_.size() < 2) return;
    const auto byte = [this](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(buffer_[i]));
    };
    std::size_t header = 2;
    std::size_t length = byte(1);
    if (length == 126) {
      if (buffer_.size() < 4) return;
      length = byte(2) << 8 | byte(3);
      header = 4;
    } else if (length == 127) {
      throw std::runtime_error("the tests send no such frame: the stream is broken");
    }
    if (buffer_.size() < header + length) return;
    const auto opcode = static_cast<unsigned char>(buffer_[0]);
    std::string payload = buffer_.substr(header, length);
    buffer_.erase(0, header + length);
    take(opcode, std::move(payload));
  }
}

// --- Client ---

void Client::enter(RoomId room, Audience audience, ReplayStart start, std::optional<Seq> member_as_of) {
  if (closed() || !shard()) return;
  shard()->subscribe(subscription, {FeedKey::room(room), WireFormat::room, audience, member_as_of}, start);
}

void Client::take(unsigned char opcode, std::string payload) {
  Received one;
  one.text = std::move(payload);
  if (opcode == 0x88) {
    one.type = "close";
    one.code = static_cast<unsigned char>(one.text.at(0)) << 8 | static_cast<unsigned char>(one.text.at(1));
    one.text.erase(0, 2);
  } else {
    if (opcode != 0x81) throw std::runtime_error("no text frame: the stream is broken");
    const auto json = boost::json::parse(one.text).as_object();
    const auto text = [&](const char* name) {
      const auto* value = json.if_contains(name);
      return value ? std::string(value->as_string()) : std::string();
    };
    one.type = text("type");
    one.id = text("id");
    one.client_id = text("client_id");
    if (const auto* seq = json.if_contains("seq")) one.seq = seq->as_int64();
  }
  received.push_back(std::move(one));
}

std::vector<std::string> Client::texts(std::string_view type) const {
  std::vector<std::string> out;
  for (const Received& one : received) {
    if (one.type == type) out.push_back(one.text);
  }
  return out;
}

// --- World ---

World::World(WorldOptions given, std::uint64_t seed) : options(given), random(seed) {
  std::vector<transport::EventLoop*> addresses;
  for (std::size_t i = 0; i < options.shards; ++i) {
    loops.push_back(std::make_unique<transport::EventLoop>(
        transport::EventLoopOptions{.read_buffer_bytes = 16384, .tick = std::chrono::milliseconds(1)}));
    addresses.push_back(loops.back().get());
  }
  fan_out = std::make_unique<FanOut>(
      addresses, store,
      [this](std::function<void()> job) {
        jobs.push_back(std::move(job));
        return true;
      },
      bus, system_clock(), options.fan_out);
}

World::~World() { fan_out.reset(); }

bool World::run_job() {
  if (jobs.empty()) return false;
  const auto job = std::move(jobs.front());
  jobs.pop_front();
  job();
  return true;
}

// Timers of a millisecond may still be on their way, and a write may be refused many times: quiet is a while in which
// no byte, no read of the store and nothing but the loops' ticks moved.
void World::settle() {
  for (int quiet = 0; quiet < 25;) {
    std::size_t moved = 0;
    for (auto& loop : loops) moved += loop->poll() > 1 ? 1 : 0;
    while (run_job()) ++moved;
    for (auto& weak : clients) {
      if (auto client = weak.lock()) moved += client->read();
    }
    quiet = moved > 0 ? 0 : quiet + 1;
    if (moved == 0) ::usleep(100);
  }
}

}  // namespace chat::fanout::test
