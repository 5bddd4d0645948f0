// What one connection owes its peer from the rooms it is in: the OwedBytes of its WebSocket, over any number of
// subscriptions.
//
// Home: the shard of the connection. After a send that was cut inside a room's range, that room goes first: frames of
// two rooms are never mixed.
#pragma once

#include "ports/journal.hpp"
#include "transport/outbox.hpp"
#include "transport/websocket.hpp"

#include <cstddef>
#include <string_view>

namespace chat::fanout {

class RoomChannel;
class Shard;
class Subscription;

class Subscriber : public transport::OwedBytes {
 public:
  Subscriber() = default;
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  // From the handler's on_open until on_close. Gives the connection its number.
  void attach(Shard& shard, transport::WebSocket& socket);
  // Leaves all rooms. Harmless when not attached.
  void detach();

  Shard* shard() const noexcept { return shard_; }
  transport::WebSocket* socket() const noexcept { return socket_; }
  const Origin& origin() const noexcept { return origin_; }

  // For the handler's callbacks.
  void on_writable();
  // Closes the connection as too slow (1013); what it was owed is given back at once,
  // its rooms are left in on_close.
  void fail_slow(std::string_view reason);

  // For subscriptions.
  void flush_now();
  void request_flush();
  void settle();
  void send(std::string_view frames);
  Subscription* find(const RoomChannel& channel) const noexcept;

  // OwedBytes
  bool empty() const override;
  std::size_t backlog_bytes() const override;
  void gather(transport::IovecList& out, std::size_t max_bytes) override;
  void advance(std::size_t bytes) override;
  void settle(transport::Outbox& into) override;

  // A message of its own is no longer in flight: acknowledged, or known to be a repeat.
  virtual void on_own_settled() {}
  // Where the replay begins is settled, once for each subscription. What the peer says must not be stored before: its
  // number might lie below the beginning, and its acknowledgement would never come.
  virtual void on_replay_begins(Subscription&) {}
  // What it was told and where it stands count no more (FanOut::invalidate); right afterwards it is in no room. Closes
  // the connection with 1012 "state invalidated"; other protocols say it in their own code.
  virtual void on_state_invalidated();

 protected:
  ~Subscriber() = default;

 private:
  friend class Shard;
  void abandon();  // the shard ends before the connection
  void add(Subscription& subscription);
  void remove(Subscription& subscription);

  Shard* shard_ = nullptr;
  transport::WebSocket* socket_ = nullptr;
  Origin origin_;
  Subscription* first_ = nullptr;
};

}  // namespace chat::fanout
