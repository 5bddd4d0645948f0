#include "world.hpp"

#include "api/operations/resources.hpp"
#include "transport/http_stream.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace chat::testing {

// --- FakeLogs ---

std::shared_ptr<const Event> FakeLogs::add(const FeedKey& feed, Event event) {
  const std::lock_guard lock(mutex_);
  auto& events = logs_[feed].events;
  event.feed = feed;
  event.seq = Seq(static_cast<std::int64_t>(events.size()) + 1);
  event.at = Timestamp(std::chrono::seconds(1'800'000'000 + event.seq.value));
  if (event.message) {
    event.message->room_id = feed.room_id();
    event.message->seq = event.seq;
    event.message->timestamp = event.at;
  }
  events.push_back(event);
  return std::make_shared<const Event>(std::move(event));
}

std::shared_ptr<const Event> FakeLogs::add_message(RoomId room, UserId author, std::string content) {
  Event event;
  Message message;
  message.id = MessageId::make();
  message.author_id = event.actor_id = author;
  message.author_name = event.actor_name = "Grace";
  message.content = std::move(content);
  event.id = EventId(message.id.value);
  event.message = std::move(message);
  return add(FeedKey::room(room), std::move(event));
}

std::shared_ptr<const Event> FakeLogs::add_removal(RoomId room, UserId user) {
  Event event;
  event.kind = EventKind::member_left;
  event.id = EventId::make();
  event.actor_id = user;
  event.actor_name = "Ada";
  event.payload = "{\"user_id\":\"" + user.str() + "\"}";
  return add(FeedKey::room(room), std::move(event));
}

void FakeLogs::forget(const FeedKey& feed) {
  const std::lock_guard lock(mutex_);
  gone_.insert(feed);
}

void FakeLogs::keep_from(const FeedKey& feed, Seq first) {
  const std::lock_guard lock(mutex_);
  logs_[feed].first = first;
}

Result<HistoryPage> FakeLogs::history_page(RoomId, UserId, std::int64_t, std::int64_t) { return Error(Errc::internal); }

Result<FeedHead> FakeLogs::head_of(const FeedKey& feed) {
  if (auto no = weather.refuse()) return *no;
  if (gone_.count(feed) != 0) return Error(feed.is_user() ? Errc::user_not_found : Errc::room_not_found, "gone");
  const Log& log = logs_[feed];
  FeedHead head;
  head.last_seq = Seq(static_cast<std::int64_t>(log.events.size()));
  head.first_seq = log.first;
  return head;
}

Result<FeedHead> FakeLogs::feed_head(const FeedKey& feed) {
  const std::lock_guard lock(mutex_);
  return head_of(feed);
}

Result<EventPage> FakeLogs::events_after(const FeedKey& feed, Seq after, PageLimit limit) {
  const std::lock_guard lock(mutex_);
  const auto head = head_of(feed);
  if (!head) return head.error();
  EventPage page;
  page.head = *head;
  if (after.value + 1 < head->first_seq.value) return page;
  const auto& events = logs_[feed].events;
  std::size_t bytes = 0;
  for (auto at = static_cast<std::size_t>(after.value); at < events.size() && page.events.size() < limit.events; ++at) {
    bytes += events[at].payload.size() + (events[at].message ? events[at].message->content.size() : 0);
    if (bytes > limit.bytes && !page.events.empty()) break;
    page.events.push_back(events[at]);
  }
  page.at_head = after.value + static_cast<std::int64_t>(page.events.size()) >= head->last_seq.value;
  return page;
}

Result<EventPage> FakeLogs::events_before(const FeedKey& feed, Seq before, PageLimit limit) {
  const std::lock_guard lock(mutex_);
  const auto head = head_of(feed);
  if (!head) return head.error();
  EventPage page;
  page.head = *head;
  const auto& events = logs_[feed].events;
  for (auto at = std::min(before.value - 1, head->last_seq.value);
       at >= head->first_seq.value && page.events.size() < limit.events; --at) {
    page.events.push_back(events[static_cast<std::size_t>(at) - 1]);
  }
  return page;
}

// --- Peer ---

void Peer::frame(unsigned char opcode, std::string_view payload) {
  std::string bytes(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    bytes += static_cast<char>(0x80 | payload.size());
  } else {
    const int length_bytes = payload.size() < 65536 ? 2 : 8;
    bytes += static_cast<char>(0x80 | (length_bytes == 2 ? 126 : 127));
    for (int i = length_bytes - 1; i >= 0; --i) bytes += static_cast<char>(payload.size() >> (8 * i) & 0xff);
  }
  bytes.append(4, '\0');  // a mask that changes nothing
  bytes += payload;
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return;
    if (n < 0) world_.loop.poll();
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
}

void Peer::say(std::string_view commands) {
  if (is_websocket_) return frame(1, commands);
  static constexpr std::string_view kKey = "\"session\":\"";
  const std::string welcome = line_with(kKey);
  const auto at = welcome.find(kKey) + kKey.size();
  const std::string secret = welcome.substr(at, welcome.find('"', at) - at);
  // Refused when the session has ended: no different from a frame that comes too late.
  (void)world_.emulated.deliver(world_.emulated.node(), secret, std::string(commands));
}

void Peer::leave() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::size_t Peer::read(std::size_t bytes) {
  if (fd_ < 0) return 0;
  std::string chunk(bytes, '\0');
  const auto n = ::recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (n <= 0) return 0;
  bytes_.append(chunk, 0, static_cast<std::size_t>(n));
  if (is_websocket_) {
    take_frames();
  } else {
    take_chunks();
  }
  return static_cast<std::size_t>(n);
}

void Peer::take_frames() {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes_[at]); };
  for (;;) {
    if (bytes_.size() < 2) return;
    std::size_t length = byte(1), head = 2;
    if (length >= 126) {
      head = length == 126 ? 4 : 10;
      if (bytes_.size() < head) return;
      length = 0;
      for (std::size_t i = 2; i < head; ++i) length = length << 8 | byte(i);
    }
    if (bytes_.size() < head + length) return;
    const int opcode = byte(0) & 0xf;
    const std::string payload = bytes_.substr(head, length);
    bytes_.erase(0, head + length);
    if (opcode == 8) {
      code_ = payload.size() < 2 ? 1005
                                 : static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
      reason_ = payload.size() < 2 ? "" : payload.substr(2);
    } else if (opcode == 1) {
      take_objects(payload);
    }
  }
}

// Chunks of RFC 9112, 7.1; the session writes whole objects into each.
void Peer::take_chunks() {
  for (;;) {
    const auto line = bytes_.find("\r\n");
    if (line == std::string::npos) return;
    const auto length = std::stoul(bytes_, nullptr, 16);
    if (bytes_.size() < line + 2 + length + 2) return;
    complete_ = length == 0;
    take_objects(std::string_view(bytes_).substr(line + 2, length));
    bytes_.erase(0, line + 2 + length + 2);
  }
}

void Peer::take_objects(std::string_view objects) {
  while (!objects.empty()) {
    const auto end = std::min(objects.find('\n'), objects.size());
    const std::string line(objects.substr(0, end));
    objects.remove_prefix(std::min(end + 1, objects.size()));
    if (line.empty()) continue;
    lines_.push_back(line);
    static constexpr std::string_view kEnd = R"({"push":{"disconnect":{"code":)";
    if (line.starts_with(kEnd)) {
      code_ = std::stoi(line.substr(kEnd.size()));
      static constexpr std::string_view kReason = "\"reason\":\"";
      const auto at = line.find(kReason) + kReason.size();
      reason_ = line.substr(at, line.find('"', at) - at);
    }
  }
}

bool Peer::got(std::string_view text) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const auto& line) { return line.find(text) != line.npos; });
}

std::string Peer::line_with(std::string_view text) {
  EXPECT_TRUE(world_.until([&] { return got(text) || closed(); })) << "nothing with " << text;
  const auto found =
      std::find_if(lines_.begin(), lines_.end(), [&](const auto& line) { return line.find(text) != line.npos; });
  if (found != lines_.end()) return *found;
  return closed() ? "closed with " + std::to_string(code_) : "";
}

std::string Peer::reply(std::uint32_t id) { return line_with("{\"id\":" + std::to_string(id) + ","); }

std::pair<int, std::string> Peer::closing() {
  EXPECT_TRUE(world_.until([&] { return closed(); })) << (lines_.empty() ? "nothing came" : lines_.back());
  return {code_, reason_};
}

// --- RealtimeWorld ---

namespace {

api::Services services_of(World& rules, Messages& messages, Feeds& feeds, api::Typing& typing) {
  api::Services services;
  services.accounts = &rules.accounts;
  services.sessions = &rules.sessions;
  services.rooms = &rules.rooms;
  services.messages = &messages;
  services.feeds = &feeds;
  services.typing = &typing;
  services.clock = &rules.clock;
  return services;
}

}  // namespace

api::RealtimeOptions quick_options() {
  api::RealtimeOptions options;
  options.ping_interval = std::chrono::milliseconds(20);
  options.pong_timeout = std::chrono::milliseconds(10);
  options.connect_timeout = std::chrono::milliseconds(10);
  options.goodbye = std::chrono::milliseconds(10);
  return options;
}

RealtimeWorld::RealtimeWorld(RealtimeSetup given)
    : setup(std::move(given)),
      live(std::make_shared<LiveSessions>(rules.users, rules.read_pool, setup.live)),
      unread(std::make_shared<UnreadBoard>(
          rules.rooms_store, rules.read_pool, [](UserId, const auto&) {}, rules.clock)),
      messages(journal, rules.clock, setup.sending),
      feeds(rules.rooms_store, logs, rules.read_pool),
      fan_out({&loop}, logs, [this](std::function<void()> job) { return rules.read_pool.post(std::move(job)); }, bus,
              rules.clock, {.epoch = "e1"}),
      typing(fan_out, rules.rooms, rules.clock),
      operations(api::make_operations(services_of(rules, messages, feeds, typing))),
      realtime({fan_out, rules.sessions, *live, *unread, rules.rooms, feeds, messages, operations, rules.clock},
               setup.realtime),
      ada(rules.a_user("ada@example.com")),
      grace(rules.a_user("grace@example.com")),
      token(*rules.sessions.mint(ada)) {
  room = add_room("Lobby");
}

RealtimeWorld::~RealtimeWorld() {
  for (auto& peer : peers_) {
    peer->session.reset();
    if (!peer->connection->is_over()) peer->connection->abort();
  }
  for (int i = 0; i < 20; ++i) loop.poll();
  // What waits for the journal, or for a read of the store, is answered on the loop, while there is one.
  for (const auto& answer : std::exchange(journal.answers, {})) answer(Error(Errc::unavailable, "the test is over"));
  rules.read_pool.stop();
  rules.write_pool.stop();
  for (int i = 0; i < 20; ++i) loop.poll();
  peers_.clear();
}

Peer& RealtimeWorld::attach(std::shared_ptr<api::RealtimeSession> session, bool is_websocket) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) throw std::runtime_error("socketpair");
  if (setup.socket_buffer > 0) {
    for (const int end : ends) {
      ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &setup.socket_buffer, sizeof setup.socket_buffer);
      ::setsockopt(end, SOL_SOCKET, SO_RCVBUF, &setup.socket_buffer, sizeof setup.socket_buffer);
    }
  }
  Peer& peer = *peers_.emplace_back(std::make_unique<Peer>(*this, ends[1], is_websocket));
  peer.session = session;
  auto stream = std::make_unique<transport::PlainStream>(ends[0]);
  const auto& options = realtime.options().websocket;
  if (is_websocket) {
    peer.connection = transport::WebSocket::open(loop, std::move(stream), session, options, {}, {});
  } else {
    peer.connection = transport::HttpStream::open(loop, std::move(stream), session, options, {});
  }
  return peer;
}

Peer& RealtimeWorld::open(std::string_view query) {
  transport::HttpRequest request;
  request.query = transport::decode_query(query).value();
  request.request_id = Uuid::v4().str();
  const auto answer = run(realtime.upgrade(std::move(request), "192.0.2.1"));
  const auto& accept = std::get<transport::WebSocketAccept>(answer);
  return attach(std::static_pointer_cast<api::RealtimeSession>(accept.handler));
}

Peer& RealtimeWorld::open_stream(std::string first_commands) {
  api::RealtimeSession::Wire wire;
  wire.framing = centrifuge::Framing::http_stream;
  auto session = realtime.make_session(wire, Uuid::v4().str(), "192.0.2.1");
  session->emulate(emulated, std::move(first_commands));
  return attach(std::move(session), false);
}

Peer& RealtimeWorld::enter(std::string_view connect_more) {
  Peer& peer = open();
  peer.say(R"({"id":1,"connect":{"token":")" + token + "\"" + std::string(connect_more) + "}}");
  EXPECT_NE(peer.reply(1).find("\"connect\":{\"client\":"), std::string::npos) << peer.reply(1);
  return peer;
}

Peer& RealtimeWorld::enter_stream() {
  Peer& peer = open_stream(R"({"id":1,"connect":{"token":")" + token + "\"}}");
  EXPECT_NE(peer.reply(1).find("\"session\":\""), std::string::npos) << peer.reply(1);
  return peer;
}

Room RealtimeWorld::add_room(std::string name, RoomKind kind, std::optional<UserId> creator) {
  Room made;
  made.id = RoomId::make();
  made.name = std::move(name);
  made.kind = kind;
  made.creator_id = creator.value_or(ada.id);
  rules.rooms_store.put(made);
  return made;
}

void RealtimeWorld::commit(std::shared_ptr<const Event> event) {
  Commit commit;
  commit.events.push_back({std::move(event), {}});
  fan_out.on_commit(commit);
}

std::string RealtimeWorld::command(std::uint32_t id, std::string_view method, std::string_view more) const {
  return "{\"id\":" + std::to_string(id) + ",\"" + std::string(method) + R"(":{"channel":")" + channel() + "\"" +
         std::string(more) + "}}";
}

void RealtimeWorld::turn() {
  loop.poll();
  for (auto& peer : peers_) {
    while (peer->read() > 0) {
    }
  }
}

void RealtimeWorld::idle(std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < deadline) {
    loop.poll();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

}  // namespace chat::testing
