// What one connection owes its peer from the feeds it is in: the OwedBytes of its connection, over any number of
// subscriptions, all in one wire format.
//
// Home: the shard of the connection. Only those subscriptions are looked at that owe something. After a send that was
// cut inside a feed's range, that feed goes first: frames of two feeds are never mixed.
//
// The virtual functions tell the connection's owner what happened; their defaults are the plain room socket's.
#pragma once

#include "base/result.hpp"
#include "fanout/recovery.hpp"
#include "model/ids.hpp"
#include "ports/journal.hpp"
#include "transport/outbox.hpp"
#include "transport/websocket.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat::fanout {

class FeedStream;
class Shard;
class Subscription;

// Who enters, for those who are there already.
struct Entrant {
  UserId user;
  std::string name;
};

class Subscriber : public transport::OwedBytes {
 public:
  Subscriber() = default;
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  // From the handler's on_open until on_close. Gives the connection its number.
  void attach(Shard& shard, transport::Connection& socket);
  // Leaves all feeds. Harmless when not attached.
  void detach();

  Shard* shard() const noexcept { return shard_; }
  transport::Connection* socket() const noexcept { return socket_; }
  Origin origin() const noexcept;  // while attached; else none

  // For the handler's callback of that name.
  void on_writable();
  // The peer does not read: see on_slow.
  void fail_slow(std::string_view reason) { on_slow(reason); }

  // For subscriptions and their approaches.
  bool is_open() const noexcept;
  bool below_low_water() const;
  void notify_when_writable();
  void flush_now();
  void prefetch_socket() const noexcept;
  void request_flush();
  void settle();
  void send(std::string_view frames);
  // Only in formats whose connections are in one feed.
  Subscription* find(const FeedStream& stream) const noexcept;
  // Does another of its subscriptions hold a part of a recovery's reply?
  bool recovers_elsewhere(const Subscription& than_this) const noexcept;

  // OwedBytes
  bool empty() const override;
  std::size_t backlog_bytes() const override;
  void gather(transport::IovecList& out, std::size_t max_bytes) override;
  void advance(std::size_t bytes) override;
  void settle(transport::Outbox& into) override;

  // Whose connection it is, while it has subscriptions: always the same user. His name may become another.
  virtual UserId user() const = 0;
  virtual Entrant entrant() const = 0;

  // --- room sockets ---
  // A message of its own is no longer in flight: acknowledged, or known to be a repeat.
  virtual void on_own_settled() {}
  // Where the replay begins is settled, once for each subscription. What the peer says must not be stored before: its
  // number might lie below the beginning, and its acknowledgement would never come.
  virtual void on_replay_begins(Subscription&) {}

  // --- subscriptions with a RecoverFrom: exactly one of the two, never inside Shard::subscribe, unless they are
  // unsubscribed before ---
  // It is in the live stream. The reply is sent within the call, before anything else: what the feed says from now on
  // follows it. It may be unsubscribed, and destroyed, within the call.
  virtual void on_subscribed(Subscription&, Recovery) {}
  // It is not subscribed any more. unavailable, overloaded: the store, or it took too long: try again. room_not_found,
  // user_not_found: there is no such feed. forbidden: the user was removed meanwhile. conflict: RecoverFrom::insist.
  virtual void on_subscribe_failed(Subscription&, const Error&) {}

  // --- ends; the subscription is not subscribed any more and may be destroyed within the call ---
  // Its user is no member of the room any more: the event that says so is the last that he is sent.
  virtual void on_removed(Subscription&);
  // There is no such feed, or it may not be read: met while reading its history.
  virtual void on_feed_gone(Subscription&);
  // What would come next is lost; who resumes from his last number learns how things stand.
  virtual void on_position_lost(Subscription&);

  // --- the whole connection; to be closed within the call ---
  // It does not read. What it was owed must be given back at once (Connection::fail_slow); its feeds are left in
  // on_close, not here: this may be called from within a send.
  virtual void on_slow(std::string_view reason);
  // What it was told and where it stands count no more (FanOut::invalidate); right afterwards it is in no feed.
  virtual void on_state_invalidated();

 protected:
  ~Subscriber() = default;

 private:
  friend class FeedStream;
  friend class Shard;
  friend class Subscription;
  void abandon();  // the shard ends before the connection
  void add(Subscription& subscription);
  void remove(Subscription& subscription);
  void list(Subscription& subscription) noexcept;
  void unlist(Subscription& subscription) noexcept;
  void unlist_first() noexcept;

  Shard* shard_ = nullptr;
  transport::Connection* socket_ = nullptr;
  std::uint64_t connection_ = 0;
  Subscription* first_ = nullptr;
  Subscription* last_owing_ = nullptr;  // its next is the first: oldest first; it stays when it owes nothing
};

}  // namespace chat::fanout
