#include "fanout/catch_up.hpp"

#include "fanout/subscriber.hpp"
#include "fanout/subscription.hpp"

#include <algorithm>

namespace chat::fanout {
namespace {

constexpr std::size_t kMaxPageFrames = 256 * 1024;

}  // namespace

CatchUp::CatchUp(Subscription& subscription, RoomId room, ReplayReader& reader, const ReplayStart& start)
    : subscription_(subscription),
      room_(room),
      reader_(reader),
      start_(start),
      notices_from_(subscription.channel().end()),
      self_(std::make_shared<CatchUp*>(this)) {}

CatchUp::~CatchUp() { *self_ = nullptr; }

void CatchUp::step() {
  if (reading_ || retrying_) return;
  transport::WebSocket* socket = subscription_.owner().socket();
  if (!socket || !socket->is_open()) return;
  RoomChannel& channel = subscription_.channel();
  if (!socket->below_low_water()) return wait_for_peer();
  cancel();
  resolve_start();
  tell_beginning();
  if (!resolved_ || !channel.reaches(start_.after)) return read_store();
  if (start_.after > channel.last_seq()) {
    // The store was read ahead of the stream, or the client speaks of a number that there is not.
    if (!confirmed_) return read_store();
    return channel.await_advance(subscription_);
  }
  if (!send_from_ring()) return wait_for_peer();
  subscription_.become_current();
}

// The newest N messages: from the ring if it has as many.
void CatchUp::resolve_start() {
  if (resolved_) return;
  const RoomChannel& channel = subscription_.channel();
  if (start_.kind == ReplayStart::Kind::last) {
    const auto before = start_.messages == 0 ? channel.last_seq() : channel.before_last(start_.messages);
    if (!before) return;
    start_ = {ReplayStart::Kind::after, *before, 0};
    confirmed_ = true;
  }
  resolved_ = true;
}

void CatchUp::tell_beginning() {
  if (told_ || !resolved_) return;
  if (!confirmed_ && start_.after > subscription_.channel().last_seq()) return;
  told_ = true;
  subscription_.owner().on_replay_begins(subscription_);
}

void CatchUp::read_store() {
  reading_ = true;
  reader_.read_replay(room_, subscription_.channel().audience(), start_,
                      [self = self_](const Result<ReplayPage>& page) {
                        if (*self) (*self)->on_page(page);
                      });
}

void CatchUp::on_page(const Result<ReplayPage>& page) {
  reading_ = false;
  if (page) {
    start_ = {ReplayStart::Kind::after, send_page(*page), 0};
    resolved_ = confirmed_ = true;
    return step();
  }
  if (page.error().code == Errc::room_not_found || page.error().code == Errc::forbidden) {
    if (auto* socket = subscription_.owner().socket()) {
      socket->close(transport::close_code::policy_violation, "the room is gone");
    }
    return;
  }
  retrying_ = true;
  RoomChannel& channel = subscription_.channel();
  channel.loop().schedule(*this, channel.options().retry_delay);
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
  RoomChannel& channel = subscription_.channel();
  const auto& ring = channel.ring();
  const std::uint64_t me = subscription_.owner().origin().connection;
  std::string frames;
  bool complete = true;
  for (std::size_t i = channel.first_after(start_.after, notices_from_); i < ring.size(); ++i) {
    const RingEntry& entry = ring[i];
    const bool notice = entry.seq.value == 0;
    if (notice ? entry.position < notices_from_ || entry.connection == me : entry.seq <= start_.after) continue;
    if (frames.size() >= std::min(channel.options().page_bytes, kMaxPageFrames)) {
      complete = false;
      break;
    }
    const auto ack = notice ? std::nullopt : subscription_.take_own(entry.id, entry.seq, entry.at);
    if (ack) {
      frames.append(*ack);
    } else {
      channel.copy(frames, entry.position, entry.end());
    }
    if (!notice) start_.after = entry.seq;
    if (notices_from_ < entry.end()) notices_from_ = entry.end();
  }
  subscription_.owner().send(frames);
  return complete;
}

void CatchUp::wait_for_peer() {
  RoomChannel& channel = subscription_.channel();
  subscription_.owner().socket()->notify_when_writable();
  if (!scheduled()) channel.loop().schedule(*this, channel.options().catch_up_stall);
}

void CatchUp::on_timer() noexcept {
  if (retrying_) {
    retrying_ = false;
    return step();
  }
  subscription_.owner().fail_slow("did not read the history it asked for");
}

}  // namespace chat::fanout
