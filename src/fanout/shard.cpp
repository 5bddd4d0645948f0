// A shard's connections and the feeds they are in. What it does as a feed's home is in shard_home.cpp.
#include "fanout/shard.hpp"

#include "fanout/attempt.hpp"
#include "fanout/catch_up.hpp"
#include "fanout/fanout.hpp"
#include "fanout/local_feed.hpp"
#include "fanout/one_reply.hpp"
#include "fanout/subscriber.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
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

const FanOutOptions& Shard::options() const noexcept { return fan_out_.options_; }

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

// --- in and out ---

FeedStream& Shard::stream_of(const Place& place) {
  LocalFeed& local = local_.try_emplace(place.feed, *this, place.feed).first->second;
  if (FeedStream* stream = local.find(place.format, place.audience)) return *stream;
  const std::uint64_t number = next_number_++;
  FeedStream& stream = local.streams.emplace_front(local, place.format, place.audience, number);
  const HomeFeed::Stream watched{index_, number, place.format, hears_notices(place.format, place.audience)};
  send_to(home_of(place.feed), [feed = place.feed, watched](Shard& home) { home.watch(feed, watched); });
  return stream;
}

void Shard::subscribe(Subscription& subscription, const Place& place, const ReplayStart& start) {
  assert(!is_realtime(place.format));
  FeedStream& stream = stream_of(place);
  enter(subscription, stream, place,
        std::make_unique<CatchUp>(subscription, static_cast<ReplayReader&>(*this), start, stream.end()));
  announce_entrance(subscription);
}

void Shard::subscribe(Subscription& subscription, const Place& place, const RecoverFrom& from) {
  assert(is_realtime(place.format) && place.audience != Audience::messages);
  enter(subscription, stream_of(place), place,
        std::make_unique<OneReply>(subscription, static_cast<ReplayReader&>(*this), from));
}

void Shard::enter(Subscription& subscription, FeedStream& stream, const Place& place,
                  std::unique_ptr<Approach> approach) {
  assert(!subscription.subscribed());
  Subscriber& owner = subscription.owner();
  owner.settle();
  stream.stay();
  approach->member_as_of = place.member_as_of;
  approach->entered_at = stream.last_seq();
  subscription.members_only_ = place.member_as_of.has_value();
  subscription.enter(stream, std::move(approach));
  owner.add(subscription);
}

void Shard::unsubscribe(Subscription& subscription) {
  if (!subscription.subscribed()) return;
  FeedStream& stream = subscription.stream();
  const FeedKey feed = subscription.feed();
  Subscriber& owner = subscription.owner();
  owner.remove(subscription);
  subscription.leave();
  if (subscription.announced_) {
    subscription.announced_ = false;
    send_to(home_of(feed),
            [feed, who = owner.origin(), entrant = owner.entrant()](Shard& home) { home.left(feed, who, entrant); });
  }
  if (stream.subscriptions() == 0) stream.linger();
}

// The event tail is nobody who is there: only somebody who reads.
void Shard::announce_entrance(Subscription& subscription) {
  if (subscription.stream().format() == WireFormat::events_sse) return;
  subscription.announced_ = true;
  Subscriber& owner = subscription.owner();
  const FeedKey feed = subscription.feed();
  send_to(home_of(feed),
          [feed, who = owner.origin(), entrant = owner.entrant()](Shard& home) { home.entered(feed, who, entrant); });
}

void Shard::linger_over(FeedStream& stream) {
  if (stream.subscriptions() != 0) return;
  LocalFeed& local = stream.feed();
  const FeedKey feed = local.key;
  const std::uint64_t number = stream.number();
  local.streams.remove_if([&](const FeedStream& one) { return &one == &stream; });
  if (local.streams.empty()) local_.erase(feed);
  send_to(home_of(feed), [feed, from = index_, number](Shard& home) { home.unwatch(feed, from, number); });
}

std::string Shard::epoch() const { return fan_out_.epoch_of(era_); }

void Shard::begin_era(std::uint64_t era) {
  if (era <= era_) return;
  era_ = era;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Subscriber* subscriber = slots_[i].subscriber;
    if (!subscriber) continue;
    subscriber->on_state_invalidated();
    while (subscriber->first_) unsubscribe(*subscriber->first_);
  }
  local_.clear();
  for (const auto& [key, home] : homes_) fan_out_.bus_.unwatch(key);
  homes_.clear();
  news_.clear();
  for (auto& letters : outgoing_) letters.clear();
}

// --- who may stay ---

// A removal may have come by between the reading of the membership and now.
bool Shard::admits(Subscription& subscription) {
  const auto as_of = std::exchange(subscription.approach_->member_as_of, std::nullopt);
  if (!as_of) return true;
  const LocalFeed& feed = subscription.stream().feed();
  const UserId user = subscription.owner().user();
  if (*as_of < feed.removals_after) {
    refuse(subscription, Error(Errc::unavailable, "the room has changed meanwhile"));
    return false;
  }
  const bool removed = std::any_of(feed.removals.begin(), feed.removals.end(),
                                   [&](const auto& removal) { return removal.user == user && removal.seq > *as_of; });
  if (removed) refuse(subscription, Error(Errc::forbidden, "no longer a member of this room"));
  return !removed;
}

// Ends a subscription that has not reached the live stream.
void Shard::refuse(Subscription& subscription, const Error& error) {
  Subscriber& owner = subscription.owner();
  const bool recovers = is_realtime(subscription.stream().format());
  unsubscribe(subscription);
  if (recovers) return owner.on_subscribe_failed(subscription, error);
  if (error.code == Errc::forbidden) return owner.on_removed(subscription);
  if (error.code == Errc::unavailable) return owner.on_position_lost(subscription);
  owner.on_feed_gone(subscription);
}

Subscription* Shard::find_member(const LocalFeed& feed, UserId user) const noexcept {
  const auto is_his = [&](const Subscription* one) { return one->members_only_ && one->owner_.user() == user; };
  for (const auto& stream : feed.streams) {
    for (const auto* all : {&stream.members(), &stream.approaching()}) {
      const auto found = std::find_if(all->begin(), all->end(), is_his);
      if (found != all->end()) return *found;
    }
  }
  return nullptr;
}

// The event that says so has been appended: it is the last that they are owed.
void Shard::remove_member(LocalFeed& feed, Seq seq, UserId user) {
  if (feed.removals.size() == LocalFeed::kRemovals) {
    feed.removals_after = feed.removals.front().seq;
    feed.removals.pop_front();
  }
  feed.removals.push_back({seq, user});
  while (Subscription* member = find_member(feed, user)) {
    if (!member->current()) {
      refuse(*member, Error(Errc::forbidden, "no longer a member of this room"));
      continue;
    }
    Subscriber& owner = member->owner();
    unsubscribe(*member);
    owner.request_flush();
    owner.on_removed(*member);
  }
}

// --- from the home ---

void Shard::attached(const FeedKey& feed, std::uint64_t stream, Seq last_seq) {
  const auto found = local_.find(feed);
  if (found == local_.end()) return;
  LocalFeed& local = found->second;
  for (FeedStream& one : local.streams) {
    if (one.number() != stream) continue;
    one.go_live(last_seq);
    if (local.removals_after < Seq(0)) local.removals_after = last_seq;
  }
}

void Shard::deliver(const FrameBatch& batch) {
  const auto found = local_.find(batch.feed);
  if (found == local_.end()) return;
  LocalFeed& local = found->second;
  for (const FrameBatch::Entry& entry : batch.entries) {
    const bool from_here = entry.origin.connection != 0 && entry.origin.shard == index_;
    for (FeedStream& stream : local.streams) {
      if (!stream.live()) continue;
      stream.append(batch, entry, sender_of(entry, stream), from_here ? entry.origin.connection : 0);
    }
    if (!entry.removed.is_nil() && local.removals_after >= Seq(0)) remove_member(local, entry.seq, entry.removed);
  }
}

// Only room sockets get something else in place of their own.
Subscription* Shard::sender_of(const FrameBatch::Entry& entry, FeedStream& stream) const {
  if (stream.format() != WireFormat::room) return nullptr;
  if (entry.fetched) return stream.find_sender(MessageId(entry.id));
  if (entry.origin.connection == 0 || entry.origin.shard != index_) return nullptr;
  const Subscriber* sender = find_connection(entry.origin.connection);
  return sender ? sender->find(stream) : nullptr;
}

// The feed's numbers from here on cannot be had: everybody begins anew.
void Shard::lose_position(const FeedKey& feed) {
  const auto found = local_.find(feed);
  if (found == local_.end()) return;
  auto lost = local_.extract(found);
  for (FeedStream& stream : lost.mapped().streams) {
    send_to(home_of(feed),
            [feed, from = index_, number = stream.number()](Shard& home) { home.unwatch(feed, from, number); });
    while (stream.subscriptions() != 0) {
      Subscription& one = *(stream.members().empty() ? stream.approaching() : stream.members()).front();
      if (!one.current()) {
        refuse(one, Error(Errc::unavailable, "position lost"));
        continue;
      }
      Subscriber& owner = one.owner();
      unsubscribe(one);
      owner.on_position_lost(one);
    }
  }
}

void Shard::signal(const FeedKey& feed, Signal signal) {
  send_to(home_of(feed), [feed, signal = std::move(signal)](Shard& home) { home.offer_signal(feed, signal); });
}

// --- mail ---

std::uint32_t Shard::home_of(const FeedKey& feed) const noexcept { return fan_out_.home_of(feed); }

void Shard::send_to(std::uint32_t shard, Mail mail) {
  if (shard == index_) return mail(*this);
  outgoing_[shard].push_back(std::move(mail));
  loop_.request_early_flush(*this);
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

// --- ReplayReader ---

// Runs `read` where it may block; what it met of the feed's head is passed on, should nobody have told the home yet.
template <class Page, class Read>
void Shard::read_page(const FeedKey& feed, Read read, Done<Page> done) {
  auto job = [this, feed, read, done] {
    auto page = std::make_shared<Result<Page>>(attempt(read));
    loop_.post([this, feed, done, page] {
      if (*page) send_to(home_of(feed), [feed, head = (*page)->head](Shard& home) { home.offer_head(feed, head); });
      done(std::move(*page));
    });
  };
  if (!fan_out_.run_blocking_(std::move(job))) {
    loop_.post([done] { done(Error(Errc::overloaded, "the work queue is full")); });
  }
}

void Shard::read_replay(const FeedKey& feed, WireFormat format, Audience audience, const ReplayStart& start,
                        Done<ReplayPage> done) {
  const PageLimit limit{fan_out_.options_.page_events, fan_out_.options_.page_bytes};
  auto read = [this, feed, format, audience, start, limit] {
    return read_replay_page(fan_out_.history_, feed, format, audience, start, limit);
  };
  read_page<ReplayPage>(feed, std::move(read), std::move(done));
}

void Shard::read_missed(const FeedKey& feed, Seq after, Done<MissedPage> done) {
  const PageLimit limit{fan_out_.options_.page_events, fan_out_.options_.page_bytes};
  auto read = [this, feed, after, limit] { return read_missed_page(fan_out_.history_, feed, after, limit); };
  read_page<MissedPage>(feed, std::move(read), std::move(done));
}

Shard::Counts Shard::counts() const {
  Counts counts{local_.size(), homes_.size(), 0, slots_.size() - free_slots_.size(), chunks_.bytes()};
  for (const auto& [key, local] : local_) {
    counts.streams += static_cast<std::size_t>(std::distance(local.streams.begin(), local.streams.end()));
  }
  return counts;
}

}  // namespace chat::fanout
