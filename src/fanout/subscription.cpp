#include "fanout/subscription.hpp"

#include "fanout/local_feed.hpp"
#include "fanout/shard.hpp"
#include "fanout/subscriber.hpp"
#include "protocol/room_frames.hpp"

#include <algorithm>
#include <cassert>
#include <vector>

namespace chat::fanout {

// What a socket that sends has to remember.
struct Subscription::Exchange {
  struct Own {
    MessageId message;
    std::string client_id;
    std::size_t bytes;
  };
  // At `position` of the stream `ack` is sent and `skip` bytes are not.
  struct Detour {
    std::uint64_t position;
    std::uint32_t skip;
    std::string ack;
  };
  struct LateAck {
    Seq seq;  // not before everything up to it
    std::string ack;
  };

  std::vector<Own> in_flight;
  std::vector<Detour> detours;  // by position; those before `first` are behind the cursor
  std::size_t first = 0;
  std::size_t ack_sent = 0;    // bytes of the first one's
  std::size_t ack_bytes = 0;   // of all detours, not yet sent
  std::size_t skip_bytes = 0;  // of all detours
  std::vector<LateAck> late_acks;

  bool has_detours() const noexcept { return first < detours.size(); }
  void clear_detours() {
    detours.clear();
    first = ack_sent = ack_bytes = skip_bytes = 0;
  }
};

Subscription::Subscription(Subscriber& owner) : owner_(owner) {}

Subscription::~Subscription() { assert(!subscribed()); }

const FeedKey& Subscription::feed() const noexcept { return stream_->feed().key; }

Subscription::Exchange& Subscription::exchange() {
  if (!exchange_) exchange_ = std::make_unique<Exchange>();
  return *exchange_;
}

// --- own messages ---

void Subscription::expect_own(MessageId message, std::string_view client_id, std::size_t bytes) {
  exchange().in_flight.push_back({message, std::string(client_id), bytes});
}

void Subscription::forget_own(MessageId message) {
  if (exchange_) std::erase_if(exchange_->in_flight, [&](const auto& own) { return own.message == message; });
}

bool Subscription::has_in_flight(MessageId message) const noexcept {
  return exchange_ && std::any_of(exchange_->in_flight.begin(), exchange_->in_flight.end(),
                                  [&](const auto& own) { return own.message == message; });
}

std::size_t Subscription::in_flight() const noexcept { return exchange_ ? exchange_->in_flight.size() : 0; }

std::size_t Subscription::in_flight_bytes() const noexcept {
  std::size_t sum = 0;
  if (exchange_) {
    for (const auto& own : exchange_->in_flight) sum += own.bytes;
  }
  return sum;
}

std::optional<std::string> Subscription::take_own(Uuid message, Seq seq, Timestamp at) {
  if (!exchange_) return std::nullopt;
  auto& in_flight = exchange_->in_flight;
  const auto own = std::find_if(in_flight.begin(), in_flight.end(),
                                [&](const auto& candidate) { return candidate.message.value == message; });
  if (own == in_flight.end()) return std::nullopt;
  std::string ack;
  if (!own->client_id.empty()) protocol::append_ack_frame(ack, own->client_id, message, seq, at);
  in_flight.erase(own);
  owner_.on_own_settled();
  return ack;
}

void Subscription::answer_repeat(MessageId message, const Stored& first) {
  if (!exchange_) return;
  auto& in_flight = exchange_->in_flight;
  const auto own = std::find_if(in_flight.begin(), in_flight.end(),
                                [&](const auto& candidate) { return candidate.message == message; });
  if (own == in_flight.end()) return;
  std::string ack;
  if (!own->client_id.empty()) protocol::append_ack_frame(ack, own->client_id, first.id, first.seq, first.at);
  in_flight.erase(own);
  owner_.on_own_settled();
  if (ack.empty() || !subscribed()) return;
  exchange_->late_acks.push_back({first.seq, std::move(ack)});
  if (current_) place_late_acks();
}

// A repeat's answer may come before the event itself (another shard, another node): it waits for its number.
void Subscription::place_late_acks() {
  auto& late = exchange_->late_acks;
  const Seq reached = stream_->last_seq();
  bool placed = false;
  for (auto& waiting : late) {
    if (waiting.seq > reached) continue;
    add_detour(stream_->end(), 0, std::move(waiting.ack));
    placed = true;
  }
  std::erase_if(late, [&](const auto& waiting) { return waiting.seq <= reached; });
  if (!late.empty()) stream_->await(*this);
  if (placed) owner_.request_flush();
}

void Subscription::add_detour(std::uint64_t position, std::uint32_t skip, std::string ack) {
  Exchange& all = exchange();
  all.ack_bytes += ack.size();
  all.skip_bytes += skip;
  all.detours.push_back({position, skip, std::move(ack)});
  advance(0);  // what lies at the cursor and has nothing to send is behind it at once
}

void Subscription::replace_own(const RingEntry& entry) {
  std::string ack;
  if (entry.seq.value != 0) ack = take_own(entry.id, entry.seq, entry.at).value_or(std::string());
  add_detour(entry.position, entry.length, std::move(ack));
}

// --- what is owed ---

bool Subscription::owes() const noexcept {
  return current_ && (cursor_ != stream_->end() || (exchange_ && exchange_->has_detours()));
}

std::size_t Subscription::backlog_bytes() const noexcept {
  if (!current_) return 0;
  const std::size_t stream = static_cast<std::size_t>(stream_->end() - cursor_);
  return exchange_ ? stream + exchange_->ack_bytes - exchange_->skip_bytes : stream;
}

bool Subscription::gather(transport::IovecList& out, std::size_t max_bytes) const {
  if (!current_) return true;
  std::uint64_t from = cursor_;
  if (exchange_) {
    std::size_t sent = exchange_->ack_sent;
    for (std::size_t i = exchange_->first; i < exchange_->detours.size(); ++i) {
      const auto& detour = exchange_->detours[i];
      if (!stream_->gather(out, from, detour.position, max_bytes) || out.bytes() >= max_bytes) return false;
      if (!out.add(detour.ack.data() + sent, detour.ack.size() - sent)) return false;
      sent = 0;
      from = detour.position + detour.skip;
    }
  }
  return stream_->gather(out, from, stream_->end(), max_bytes);
}

std::size_t Subscription::advance(std::size_t bytes) {
  if (!current_) return bytes;
  while (exchange_ && exchange_->has_detours()) {
    auto& detour = exchange_->detours[exchange_->first];
    const std::size_t before = std::min<std::size_t>(bytes, detour.position - cursor_);
    cursor_ += before;
    bytes -= before;
    if (cursor_ < detour.position) return 0;
    const std::size_t of_ack = std::min(bytes, detour.ack.size() - exchange_->ack_sent);
    exchange_->ack_sent += of_ack;
    exchange_->ack_bytes -= of_ack;
    bytes -= of_ack;
    if (exchange_->ack_sent < detour.ack.size()) return 0;
    cursor_ += detour.skip;
    exchange_->skip_bytes -= detour.skip;
    exchange_->ack_sent = 0;
    if (++exchange_->first == exchange_->detours.size()) exchange_->clear_detours();
  }
  const std::size_t rest = std::min<std::size_t>(bytes, stream_->end() - cursor_);
  cursor_ += rest;
  return bytes - rest;
}

void Subscription::settle(transport::Outbox& into) {
  if (!current_) return;
  std::uint64_t from = cursor_;
  if (exchange_) {
    std::size_t sent = exchange_->ack_sent;
    for (std::size_t i = exchange_->first; i < exchange_->detours.size(); ++i) {
      const auto& detour = exchange_->detours[i];
      stream_->settle(into, from, detour.position);
      into.append(std::string_view(detour.ack).substr(sent));
      sent = 0;
      from = detour.position + detour.skip;
    }
    exchange_->clear_detours();
  }
  stream_->settle(into, from, stream_->end());
  cursor_ = stream_->end();
}

void Subscription::list_owing() {
  if (owes()) owner_.list(*this);
}

void Subscription::flush() { owner_.flush_now(); }
void Subscription::prefetch_socket() const noexcept { owner_.prefetch_socket(); }
void Subscription::fail_slow() { owner_.fail_slow("reads too slowly"); }

void Subscription::on_writable() {
  if (approach_ && stream_->live()) stream_->await(*this, true);
}

// --- in and out ---

void Subscription::enter(FeedStream& stream, std::unique_ptr<Approach> approach) {
  stream_ = &stream;
  approach_ = std::move(approach);
  stream.add_approaching(*this);
  stream.await(*this, true);
}

void Subscription::become_current() {
  const auto finished = std::move(approach_);
  owner_.settle();
  cursor_ = stream_->end();
  stream_->make_member(*this);
  if (exchange_ && !exchange_->late_acks.empty()) place_late_acks();
}

void Subscription::on_stream_advanced() {
  if (!approach_) {
    if (exchange_) place_late_acks();
    return;
  }
  if (owner_.shard()->admits(*this)) approach_->step();
}

void Subscription::drop() {
  approach_.reset();
  owner_.unlist(*this);
  if (stream_) stream_->remove(*this);
  current_ = false;
  stream_ = nullptr;
  exchange_.reset();
}

void Subscription::forget_owed() {
  cursor_ = stream_->end();
  if (exchange_) exchange_->clear_detours();
  if (is_realtime(stream_->format())) owner_.unlist(*this);
  stream_->note_unlisted();
}

void Subscription::leave() {
  owner_.settle();
  drop();
}

}  // namespace chat::fanout
