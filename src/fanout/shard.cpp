// A shard's sockets and the rooms they are in. What it does as a room's home is in shard_home.cpp.
#include "fanout/shard.hpp"

#include "fanout/attempt.hpp"
#include "fanout/catch_up.hpp"
#include "fanout/fanout.hpp"
#include "fanout/local_room.hpp"
#include "fanout/shard_feed.hpp"
#include "fanout/subscriber.hpp"

#include <cassert>
#include <utility>

namespace chat::fanout {

Shard::Shard(FanOut& fan_out, std::uint32_t index, transport::EventLoop& loop)
    : fan_out_(fan_out), index_(index), loop_(loop), chunks_(fan_out.options_.shard_bytes) {}

Shard::~Shard() {
  loop_.cancel_flush(*this);
  for (const Slot& slot : slots_) {
    if (slot.subscriber) slot.subscriber->abandon();
  }
}

// --- connections ---

// A number is a slot and how often it was used: found without a look-up, and never used twice.
Origin Shard::open_connection(Subscriber& subscriber) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot].subscriber = &subscriber;
  return Origin{index_, std::uint64_t{slots_[slot].generation} << 32 | slot};
}

void Shard::close_connection(const Origin& origin) {
  const auto slot = static_cast<std::uint32_t>(origin.connection);
  slots_[slot].subscriber = nullptr;
  if (++slots_[slot].generation != 0) free_slots_.push_back(slot);
}

Subscriber* Shard::find_connection(std::uint64_t connection) const noexcept {
  const auto slot = static_cast<std::uint32_t>(connection);
  if (slot >= slots_.size() || slots_[slot].generation != connection >> 32) return nullptr;
  return slots_[slot].subscriber;
}

// --- rooms ---

LocalRoom& Shard::local_room(RoomId id) {
  auto& room = rooms_[id];
  if (!room) {
    room = std::make_unique<LocalRoom>(*this, id, next_number_++);
    send_to(home_of(id),
            [from = index_, id, generation = room->generation](Shard& home) { home.watch(from, id, generation); });
  }
  return *room;
}

void Shard::subscribe(Subscription& subscription, RoomId id, protocol::RoomAudience audience, const ReplayStart& start,
                      const Entrant& entrant) {
  assert(!subscription.subscribed());
  subscription.owner().settle();
  LocalRoom& room = local_room(id);
  room.cancel();
  subscription.room_ = &room;
  subscription.audience_ = audience;
  subscription.entrant_ = &entrant;
  subscription.owner().add(subscription);
  ++room.stream(audience).subscriptions;
  const std::uint64_t connection = subscription.owner().origin().connection;
  send_to(home_of(id),
          [from = index_, id, connection, entrant](Shard& home) { home.entered(from, id, connection, entrant); });
  room.arrivals.push_back({&subscription, start});
  if (room.live) begin_arrivals(room);
}

void Shard::begin_arrivals(LocalRoom& room) {
  for (const auto& [subscription, start] : std::exchange(room.arrivals, {})) {
    auto& stream = room.stream(subscription->audience_);
    if (!stream.channel) {
      stream.channel =
          std::make_unique<RoomChannel>(loop_, chunks_, fan_out_.options_, subscription->audience_, room.last_seq);
    }
    subscription->enter(*stream.channel, room.id, *this, start);
  }
}

void Shard::unsubscribe(Subscription& subscription) {
  if (!subscription.subscribed()) return;
  LocalRoom& room = *subscription.room_;
  std::erase_if(room.arrivals, [&](const auto& arrival) { return arrival.subscription == &subscription; });
  --room.stream(subscription.audience_).subscriptions;
  subscription.leave();
  subscription.owner().remove(subscription);
  const std::uint64_t connection = subscription.owner().origin().connection;
  send_to(home_of(room.id), [from = index_, id = room.id, connection, entrant = *subscription.entrant_](Shard& home) {
    home.left(from, id, connection, entrant);
  });
  if (room.empty()) loop_.schedule(room, fan_out_.options_.room_linger);
}

void Shard::linger_over(LocalRoom& room) {
  if (!room.empty()) return;
  const RoomId id = room.id;
  rooms_.erase(id);
  send_to(home_of(id), [from = index_, id](Shard& home) { home.unwatch(from, id); });
}

void Shard::begin_era(std::uint64_t era) {
  if (era <= era_) return;
  era_ = era;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Subscriber* subscriber = slots_[i].subscriber;
    if (!subscriber) continue;
    subscriber->on_state_invalidated();
    while (subscriber->first_) unsubscribe(*subscriber->first_);
  }
  rooms_.clear();
  for (const auto& [room, feed] : feeds_) fan_out_.bus_.unwatch(FeedKey::room(room));
  feeds_.clear();
  news_.clear();
  for (auto& letters : outgoing_) letters.clear();
}

// --- from the home ---

void Shard::attached(RoomId id, std::uint64_t generation, Seq last_seq) {
  const auto found = rooms_.find(id);
  if (found == rooms_.end() || found->second->generation != generation) return;
  LocalRoom& room = *found->second;
  room.live = true;
  room.last_seq = last_seq;
  begin_arrivals(room);
}

void Shard::deliver(const std::shared_ptr<const FrameBatch>& batch) {
  const auto found = rooms_.find(batch->room);
  if (found == rooms_.end() || !found->second->live) return;  // an earlier stay's
  LocalRoom& room = *found->second;
  for (const FrameBatch::Entry& entry : batch->entries) {
    if (entry.seq.value != 0) room.last_seq = entry.seq;
    for (auto& stream : room.streams) {
      if (!stream.channel) continue;
      const bool from_here = entry.origin.connection != 0 && entry.origin.shard == index_;
      stream.channel->append(*batch, entry, sender_of(entry, *stream.channel), from_here ? entry.origin.connection : 0);
    }
  }
}

Subscription* Shard::sender_of(const FrameBatch::Entry& entry, RoomChannel& channel) const {
  if (entry.fetched) return channel.find_sender(MessageId(entry.id));
  if (entry.origin.connection == 0 || entry.origin.shard != index_) return nullptr;
  const Subscriber* sender = find_connection(entry.origin.connection);
  return sender ? sender->find(channel) : nullptr;
}

// --- mail ---

std::uint32_t Shard::home_of(RoomId room) const noexcept { return fan_out_.home_of(room); }

void Shard::send_to(std::uint32_t shard, Mail mail) {
  if (shard == index_) return mail(*this);
  outgoing_[shard].push_back(std::move(mail));
  loop_.request_flush(*this);
}

void Shard::send_mail() {
  for (std::uint32_t i = 0; i < outgoing_.size(); ++i) {
    if (outgoing_[i].empty()) continue;
    Shard& to = fan_out_.shard(i);
    to.loop().post([&to, era = era_, letters = std::exchange(outgoing_[i], {})] {
      to.begin_era(era);
      if (era != to.era_) return;
      for (const Mail& letter : letters) letter(to);
    });
  }
}

void Shard::on_flush() {
  publish_news();
  send_mail();
}

void Shard::read_replay(RoomId room, protocol::RoomAudience audience, const ReplayStart& start, Done done) {
  const PageLimit limit{fan_out_.options_.page_events, fan_out_.options_.page_bytes};
  auto job = [this, room, audience, start, limit, done] {
    auto page = std::make_shared<Result<ReplayPage>>(
        attempt([&] { return read_replay_page(fan_out_.history_, room, audience, start, limit); }));
    loop_.post([done, page] { done(std::move(*page)); });
  };
  if (!fan_out_.run_blocking_(std::move(job))) {
    loop_.post([done] { done(Error(Errc::overloaded, "the work queue is full")); });
  }
}

Shard::Counts Shard::counts() const {
  return {rooms_.size(), feeds_.size(), slots_.size() - free_slots_.size(), chunks_.bytes()};
}

}  // namespace chat::fanout
