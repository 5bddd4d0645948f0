#include "fanout/one_reply.hpp"

#include "fanout/local_feed.hpp"
#include "fanout/shard.hpp"
#include "fanout/subscriber.hpp"
#include "fanout/subscription.hpp"

#include <utility>

namespace chat::fanout {

OneReply::OneReply(Subscription& subscription, ReplayReader& reader, const RecoverFrom& from)
    : subscription_(subscription),
      reader_(reader),
      from_(from),
      reached_(from.after.value_or(Seq())),
      self_(std::make_shared<OneReply*>(this)) {
  Shard& shard = *subscription.owner().shard();
  shard.loop().schedule(*this, shard.options().recovery_wait);
}

// The next one of the connection may read the store.
OneReply::~OneReply() {
  *self_ = nullptr;
  if (holds_reply_) subscription_.owner().on_writable();
}

void OneReply::step() {
  Subscriber& owner = subscription_.owner();
  if (reading_ || !owner.is_open()) return;
  FeedStream& stream = subscription_.stream();
  if (!from_.after) return finish(false);
  const auto missed = stream.last_seq().value - from_.after->value;
  if (missed > static_cast<std::int64_t>(from_.max_events)) return finish(false);
  if (!owner.below_low_water()) return owner.notify_when_writable();
  if (reached_ > stream.last_seq()) {
    // The store was read ahead of the stream, or the client speaks of a number that there is not.
    if (!confirmed_) return read_store();
    return stream.await(subscription_);
  }
  if (!stream.reaches(reached_)) return read_store();
  finish(add_from_ring());
}

void OneReply::read_store() {
  if (subscription_.owner().recovers_elsewhere(subscription_)) return;
  holds_reply_ = reading_ = true;
  reader_.read_missed(subscription_.feed(), reached_, [self = self_](Result<MissedPage> page) {
    if (*self) (*self)->on_page(std::move(page));
  });
}

void OneReply::on_page(Result<MissedPage> page) {
  reading_ = false;
  if (!page) return refuse(page.error());
  if (page->through < reached_) return finish(false);
  confirmed_ = true;
  for (auto& publication : page->publications) {
    if (!add(std::move(publication))) return finish(false);
  }
  if (reached_ < page->through) return finish(false);  // what comes next is not kept any more
  step();
}

bool OneReply::add_from_ring() {
  FeedStream& stream = subscription_.stream();
  const auto& ring = stream.ring();
  for (std::size_t i = stream.first_after(reached_, stream.end()); i < ring.size(); ++i) {
    const RingEntry& entry = ring[i];
    if (entry.seq <= reached_) continue;  // a notice too
    const std::uint64_t begin = entry.position + entry.data;
    std::string data;
    stream.copy(data, begin, begin + entry.data_length);
    if (!add(replayed_publication(std::move(data), entry.seq, entry.author))) return false;
  }
  return reached_ == stream.last_seq();
}

// False: it does not join what is there, or there is too much.
bool OneReply::add(centrifuge::Publication publication) {
  const auto offset = static_cast<std::int64_t>(publication.offset);
  bytes_ += publication.data.size();
  if (offset != reached_.value + 1 || publications_.size() >= from_.max_events || bytes_ > from_.max_bytes)
    return false;
  reached_ = Seq(offset);
  publications_.push_back(std::move(publication));
  return true;
}

void OneReply::finish(bool recovered) {
  Subscription& subscription = subscription_;
  Subscriber& owner = subscription.owner();
  if (!recovered && from_.after && from_.insist) return refuse(Error(Errc::conflict, "what was missed is not kept"));
  Recovery recovery;
  recovery.recovered = recovered;
  recovery.top = subscription.stream().last_seq();
  if (recovered) recovery.publications = std::move(publications_);
  owner.shard()->announce_entrance(subscription);
  subscription.become_current();  // this object is gone
  owner.on_subscribed(subscription, std::move(recovery));
}

void OneReply::refuse(const Error& error) { subscription_.owner().shard()->refuse(subscription_, error); }

void OneReply::on_timer() noexcept { refuse(Error(Errc::unavailable, "the recovery took too long")); }

}  // namespace chat::fanout
