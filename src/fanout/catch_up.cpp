#include "fanout/catch_up.hpp"

#include "fanout/local_feed.hpp"
#include "fanout/shard.hpp"
#include "fanout/subscriber.hpp"
#include "fanout/subscription.hpp"

#include <algorithm>

namespace chat::fanout {
namespace {

constexpr std::size_t kMaxPageFrames = 256 * 1024;

}  // namespace

CatchUp::CatchUp(Subscription& subscription, ReplayReader& reader, const ReplayStart& start, std::uint64_t notices_from)
    : subscription_(subscription),
      reader_(reader),
      start_(start),
      notices_from_(notices_from),
      self_(std::make_shared<CatchUp*>(this)) {}

CatchUp::~CatchUp() { *self_ = nullptr; }

void CatchUp::step() {
  if (reading_ || retrying_) return;
  const Subscriber& owner = subscription_.owner();
  if (!owner.is_open()) return;
  FeedStream& stream = subscription_.stream();
  if (!owner.below_low_water()) return wait_for_peer();
  cancel();
  resolve_start();
  tell_beginning();
  if (!resolved_ || !stream.reaches(start_.after)) return read_store();
  if (start_.after > stream.last_seq()) {
    // The store was read ahead of the stream, or the client speaks of a number that there is not.
    if (!confirmed_) return read_store();
    return stream.await(subscription_);
  }
  if (!send_from_ring()) return wait_for_peer();
  subscription_.become_current();
}

// The newest N messages: from the ring if it has as many.
void CatchUp::resolve_start() {
  if (resolved_) return;
  const FeedStream& stream = subscription_.stream();
  if (start_.kind == ReplayStart::Kind::last) {
    const auto before = start_.messages == 0 ? entered_at : stream.before_last(start_.messages);
    if (!before) return;
    start_ = {ReplayStart::Kind::after, *before, 0};
    confirmed_ = true;
  }
  resolved_ = true;
}

void CatchUp::tell_beginning() {
  if (told_ || !resolved_) return;
  if (!confirmed_ && start_.after > subscription_.stream().last_seq()) return;
  told_ = true;
  subscription_.owner().on_replay_begins(subscription_);
}

void CatchUp::read_store() {
  reading_ = true;
  FeedStream& stream = subscription_.stream();
  reader_.read_replay(stream.feed().key, stream.format(), stream.audience(), start_,
                      [self = self_](const Result<ReplayPage>& page) {
                        if (*self) (*self)->on_page(page);
                      });
}

void CatchUp::on_page(const Result<ReplayPage>& page) {
  reading_ = false;
  if (page) {
    const bool beyond_head = resolved_ && page->head < start_.after;
    const Seq reached = send_page(*page);
    // A number that there is not stands for the newest one when the subscriber came, not when the store answered: what
    // was said in between is news to him.
    start_ = {ReplayStart::Kind::after, beyond_head ? std::min(reached, entered_at) : reached, 0};
    resolved_ = confirmed_ = true;
    return step();
  }
  if (page.error().code != Errc::unavailable && page.error().code != Errc::overloaded &&
      page.error().code != Errc::internal) {
    return subscription_.owner().shard()->refuse(subscription_, page.error());
  }
  retrying_ = true;
  FeedStream& stream = subscription_.stream();
  stream.loop().schedule(*this, stream.options().retry_delay);
}

// Answers the number that was reached. Escaped, text can be six times as long as the store's limit counts it: what is
// above the connection's share of memory is read again.
Seq CatchUp::send_page(const ReplayPage& page) {
  std::string frames;
  for (const auto& entry : page.entries) {
    if (frames.size() >= kMaxPageFrames) {
      subscription_.owner().send(frames);
      return entry.seq.prev();
    }
    if (const auto ack = subscription_.take_own(entry.id, entry.seq, entry.at)) {
      frames.append(*ack);
    } else {
      frames.append(page.frames, entry.offset, entry.length);
    }
  }
  subscription_.owner().send(frames);
  return page.through;
}

// One page; true when nothing is left behind it.
bool CatchUp::send_from_ring() {
  FeedStream& stream = subscription_.stream();
  const auto& ring = stream.ring();
  const std::uint64_t me = subscription_.owner().origin().connection;
  std::string frames;
  bool complete = true;
  for (std::size_t i = stream.first_after(start_.after, notices_from_); i < ring.size(); ++i) {
    const RingEntry& entry = ring[i];
    const bool notice = entry.seq.value == 0;
    if (notice ? entry.position < notices_from_ || entry.connection == me : entry.seq <= start_.after) continue;
    if (frames.size() >= std::min(stream.options().page_bytes, kMaxPageFrames)) {
      complete = false;
      break;
    }
    const auto ack = notice ? std::nullopt : subscription_.take_own(entry.id, entry.seq, entry.at);
    if (ack) {
      frames.append(*ack);
    } else {
      stream.copy(frames, entry.position, entry.end());
    }
    if (!notice) start_.after = entry.seq;
    if (notices_from_ < entry.end()) notices_from_ = entry.end();
  }
  subscription_.owner().send(frames);
  return complete;
}

void CatchUp::wait_for_peer() {
  FeedStream& stream = subscription_.stream();
  subscription_.owner().notify_when_writable();
  if (!scheduled()) stream.loop().schedule(*this, stream.options().catch_up_stall);
}

void CatchUp::on_timer() noexcept {
  if (retrying_) {
    retrying_ = false;
    return step();
  }
  subscription_.owner().fail_slow("did not read the history it asked for");
}

}  // namespace chat::fanout
