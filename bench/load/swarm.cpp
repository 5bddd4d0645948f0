#include "load/swarm.hpp"

#include <cerrno>
#include <cstring>

#include "load/report.hpp"

namespace load {

namespace {

const std::uint64_t kBornNs = now_ns();  // the run's beginning

// Edge-triggered: with levels the kernel would look at every socket of a turn once more in the next one.
constexpr std::uint32_t kWatched = EPOLLIN | EPOLLRDHUP | EPOLLET;

[[noreturn]] void fault(const Connection& c, const std::string& what) { die(describe(c) + " " + what); }

std::string text_of(std::uint64_t n) { return std::to_string(n); }

void hold(const Connection& c, const std::string& wrong) {
  if (!wrong.empty()) [[unlikely]]
    fault(c, wrong);
}

}  // namespace

std::string describe(const Connection& c) {
  return "connection " + text_of(c.role().index) +
         (c.role().sends ? " (sender " + text_of(c.role().sender) + ")" : "") + " of room " + text_of(c.role().room) +
         " (" + std::string(c.role().room_name) + ")";
}

void Connection::on_ready(std::uint32_t events) { swarm_.on_ready(*this, events); }

Connection& Swarm::add(const Role& role, std::size_t senders, std::uint32_t first, std::int64_t last_seq) {
  connections_.push_back(std::unique_ptr<Connection>(new Connection(*this)));
  Connection& c = *connections_.back();
  c.place_ = connections_.size() - 1;
  c.session.role = role;
  c.ledger.open(role.room, senders, first, kBornNs, last_seq);
  c.started_ns = now_ns();
  c.wire_.connect(server_.host, server_.port, server_.tls);
  dialect_.hello(c.session, c.out_);
  ++unopened_;
  ++unready_;
  c.wants_write_ = true;
  loop_.watch(c.wire_.fd(), c, kWatched | EPOLLOUT);
  return c;
}

void Swarm::publish(Connection& c, const Stamp& stamp, std::string_view content) {
  dialect_.publish(c.session, stamp, content, c.out_);
}

bool Swarm::typing(Connection& c) {
  if (!dialect_.typing(c.session, c.out_)) return false;
  flush(c);
  return true;
}

void Swarm::flush(Connection& c) {
  if (c.out_.empty() || !c.connected_) return;
  if (!c.wire_.send(c.out_, c.sent_)) {
    if (c.left) return;
    fault(c, std::string("cannot send: ") + std::strerror(errno));
  }
  const bool wants = !c.out_.empty();
  if (wants == c.wants_write_) return;
  c.wants_write_ = wants;
  loop_.change(c.wire_.fd(), c, wants ? kWatched | EPOLLOUT : kWatched);
}

void Swarm::leave(Connection& c) {
  dialect_.leave(c.session, c.out_);
  c.left = true;
  ++leaving_;
  flush(c);
  if (c.out_.empty()) c.wire_.shut_down_sending();
}

void Swarm::drop(Connection& c) {
  if (!c.open) --unopened_;
  if (!c.ready) --unready_;
  if (c.left) --leaving_;
  loop_.forget(c.wire_.fd(), c);
  c.wire_.close();
  c.connected_ = false;
  const std::size_t place = c.place_;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place_ = place;
  gone_.push_back(std::move(connections_.back()));
  connections_.pop_back();
}

void Swarm::on_ready(Connection& c, std::uint32_t events) {
  gone_.clear();  // only here is nobody in the middle of one of them
  if (!c.connected_) {
    if (const int error = connect_result(c.wire_.fd()))
      fault(c, std::string("cannot connect: ") + std::strerror(error));
    if (!(events & EPOLLOUT)) return;
    c.connected_ = true;
  }
  if (events & (c.wire_.whole_reads() ? EPOLLOUT : EPOLLOUT | EPOLLIN)) {
    if (c.out_.empty() && c.wants_write_) {  // nothing to say first: the server begins
      c.wants_write_ = false;
      loop_.change(c.wire_.fd(), c, kWatched);
    }
    flush(c);
    if (c.left && c.out_.empty()) c.wire_.shut_down_sending();
  }
  // Edges: a read that did not fill its space has emptied the socket, unless the end has come too.
  const bool ending = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
  if (!ending && !(events & EPOLLIN)) return;
  const ssize_t full = ending || !c.wire_.whole_reads() ? 1 : static_cast<ssize_t>(kRead);
  while (c.connected_ && (c.left ? discard(c) : receive(c)) >= full) {
  }
}

// What one read brought, in bytes.
ssize_t Swarm::receive(Connection& c) {
  const std::size_t kept = c.unread_.size();
  if (kept) std::memcpy(buffer_.get(), c.unread_.data(), kept);
  const ssize_t n = c.wire_.read(buffer_.get() + kept, kRead);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) fault(c, "was ended by the server");
  const std::uint64_t now = now_ns();
  bytes_received_ += static_cast<std::uint64_t>(n);
  const std::string_view in(buffer_.get(), kept + static_cast<std::size_t>(n));
  events_.clear();
  const std::size_t used = dialect_.parse(c.session, in, c.out_, events_);
  if (in.size() - used > kBuffer - kRead)
    fault(c, "was sent a frame of more than " + text_of(kBuffer - kRead) + " bytes");
  if (kept || used < in.size()) c.unread_.assign(in.substr(used));
  if (!events_.empty()) {
    check(c, events_, now);
    if (watcher_) watcher_->on_events(c, events_, now);
  }
  if (!c.left) flush(c);
  return n;
}

void Swarm::check(Connection& c, std::span<const Event> events, std::uint64_t now) {
  const bool numbered = dialect_.traits().numbered;
  for (const Event& e : events) {
    switch (e.kind) {
      case Event::Kind::delivery:
        if (!c.role().receives && !dialect_.traits().senders_receive) fault(c, "got a message without having asked");
        hold(c, c.ledger.delivery(e.stamp, now));
        if (numbered) hold(c, c.ledger.seq(e.seq));
        ++deliveries_;
        break;
      case Event::Kind::ack:
        if (!c.role().sends) fault(c, "got an ack without having sent");
        hold(c, c.ledger.ack(e.stamp.number));
        if (e.seq != 0) hold(c, c.ledger.seq(e.seq));
        break;
      case Event::Kind::open:
        if (!c.open) --unopened_;
        c.open = true;
        break;
      case Event::Kind::ready:
        if (!c.ready) --unready_;
        c.ready = true;
        break;
      case Event::Kind::signal:
        ++signals_;
        break;
      case Event::Kind::error:
        fault(c, "was told: " + std::string(e.text.substr(0, 300)));
    }
  }
}

ssize_t Swarm::discard(Connection& c) {
  const ssize_t n = c.wire_.read(buffer_.get(), kRead);
  if (n > 0) return n;
  if (n == 0 || errno != EAGAIN) drop(c);
  return 0;
}

}  // namespace load
