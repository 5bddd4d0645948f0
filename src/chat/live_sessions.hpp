// The sockets that are open on this node, by user: how a disabled user's sockets learn of it.
//
// Every `poll_interval` the statuses of all users with open sockets are read, at most 500 a query; the sockets of a
// user who was deleted, disabled or whose token_version was raised above theirs are told once.
#pragma once

#include "base/blocking_pool.hpp"
#include "model/user.hpp"
#include "ports/stores.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/unordered_set.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace chat {

struct LiveSessionsOptions {
  std::chrono::milliseconds poll_interval{1000};
  std::size_t max_sockets_per_user = 500;
  std::size_t chunk = 500;  // users a query; UserStore allows no more
  // A user some of whose sockets are about to be told; on the poll's thread, under the registry's lock, must not block.
  // Whoever changed the account may be another process, whose events nobody here has heard of.
  std::function<void(UserId)> on_changed = [](UserId) {};
};

// One open socket: derive from it, add it, and remove it before it is destroyed. It is its own place in the
// registry: 48 bytes.
class LiveSession {
 public:
  LiveSession() = default;
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

 protected:
  ~LiveSession();

  // The user may no longer be connected: close with 1008. At most once; on the poll's thread and under the registry's
  // lock, so only post to the socket's home from here, and never call the registry.
  virtual void on_revoked() noexcept = 0;

 private:
  friend class LiveSessions;
  boost::intrusive::unordered_set_member_hook<> place_;
  UserId user_;
  std::int64_t token_version_ = 0;
  bool revoked_ = false;
};

// Thread-safe. Outlives every session that was added.
class LiveSessions : public std::enable_shared_from_this<LiveSessions> {
 public:
  LiveSessions(UserStore& users, BlockingPool& read_pool, LiveSessionsOptions options);

  // False: the user has `max_sockets_per_user` open already; nothing was added.
  [[nodiscard]] bool add(LiveSession& session, UserId user, std::int64_t token_version);
  // When this returns, `on_revoked` is neither running nor will it be called. Harmless when it was not added.
  void remove(LiveSession& session) noexcept;

  std::size_t users() const;
  std::size_t sessions() const;

  // Polls until `stop`, on `executor` (any single-threaded one). Keeps this object alive meanwhile.
  void start(boost::asio::any_io_executor executor);
  void stop();

  // One round of polling: what `start` does every interval.
  boost::asio::awaitable<void> poll_once();

 private:
  struct UserOf {
    using type = UserId;
    const UserId& operator()(const LiveSession& session) const noexcept { return session.user_; }
  };
  // A user's sessions lie side by side.
  using ByUser = boost::intrusive::unordered_multiset<
      LiveSession,
      boost::intrusive::member_hook<LiveSession, boost::intrusive::unordered_set_member_hook<>, &LiveSession::place_>,
      boost::intrusive::key_of_value<UserOf>, boost::intrusive::hash<std::hash<UserId>>,
      boost::intrusive::power_2_buckets<true>>;

  void grow();
  std::vector<UserId> user_ids() const;
  void judge(const std::vector<UserId>& asked, const std::vector<UserStatus>& statuses);
  struct Timer;
  boost::asio::awaitable<void> run(std::shared_ptr<Timer> timer);

  UserStore& users_;
  BlockingPool& read_pool_;
  const LiveSessionsOptions options_;
  std::shared_ptr<Timer> timer_;  // set once by start
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;                  // guards everything below, and the links of every session added
  std::vector<ByUser::bucket_type> buckets_;  // as many as there are sessions, or up to twice as many; never fewer
  ByUser sessions_;
  std::size_t users_with_sessions_ = 0;
};

}  // namespace chat
