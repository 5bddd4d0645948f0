#include "chat/live_sessions.hpp"

#include "telemetry/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace chat {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kFirstBuckets = 64;

}  // namespace

struct LiveSessions::Timer {
  explicit Timer(asio::any_io_executor executor) : timer(std::move(executor)) {}
  asio::steady_timer timer;
};

LiveSession::~LiveSession() {
  assert(!place_.is_linked());  // removing it here would be too late: on_revoked may be running on what is half gone
}

LiveSessions::LiveSessions(UserStore& users, BlockingPool& read_pool, LiveSessionsOptions options)
    : users_(users),
      read_pool_(read_pool),
      options_(options),
      buckets_(kFirstBuckets),
      sessions_({buckets_.data(), buckets_.size()}) {}

void LiveSessions::grow() {
  std::vector<ByUser::bucket_type> more(buckets_.size() * 2);
  sessions_.rehash({more.data(), more.size()});
  buckets_.swap(more);
}

bool LiveSessions::add(LiveSession& session, UserId user, std::int64_t token_version) {
  std::lock_guard lock(mutex_);
  const std::size_t open = sessions_.count(user);
  if (open >= options_.max_sockets_per_user) return false;
  if (sessions_.size() == buckets_.size()) grow();
  session.user_ = user;
  session.token_version_ = token_version;
  sessions_.insert(session);
  if (open == 0) ++users_with_sessions_;
  return true;
}

void LiveSessions::remove(LiveSession& session) noexcept {
  std::lock_guard lock(mutex_);
  if (!session.place_.is_linked()) return;
  sessions_.erase(sessions_.iterator_to(session));
  if (sessions_.find(session.user_) == sessions_.end()) --users_with_sessions_;
}

std::size_t LiveSessions::users() const {
  std::lock_guard lock(mutex_);
  return users_with_sessions_;
}

std::size_t LiveSessions::sessions() const {
  std::lock_guard lock(mutex_);
  return sessions_.size();
}

std::vector<UserId> LiveSessions::user_ids() const {
  std::lock_guard lock(mutex_);
  std::vector<UserId> ids;
  ids.reserve(users_with_sessions_);
  for (const LiveSession& session : sessions_) {
    if (ids.empty() || ids.back() != session.user_) ids.push_back(session.user_);
  }
  return ids;
}

// A user who is not among the answers was deleted. Sockets opened since the question was put are judged as well: what
// the answer says was true when they came.
void LiveSessions::judge(const std::vector<UserId>& asked, const std::vector<UserStatus>& statuses) {
  std::unordered_map<UserId, const UserStatus*> answers;
  for (const auto& status : statuses) answers.emplace(status.id, &status);
  std::lock_guard lock(mutex_);
  for (const auto& id : asked) {
    const auto answer = answers.find(id);
    const bool gone = answer == answers.end() || answer->second->disabled;
    const auto [first, last] = sessions_.equal_range(id);
    bool told = false;
    for (auto session = first; session != last; ++session) {
      if (session->revoked_ || (!gone && answer->second->token_version <= session->token_version_)) continue;
      if (!std::exchange(told, true)) options_.on_changed(id);
      session->revoked_ = true;
      session->on_revoked();
    }
  }
}

asio::awaitable<void> LiveSessions::poll_once() {
  const auto all = user_ids();
  const auto chunk = std::clamp<std::size_t>(options_.chunk, 1, 500);
  for (std::size_t from = 0; from < all.size(); from += chunk) {
    const auto to = std::min(all.size(), from + chunk);
    std::vector<UserId> ids(all.begin() + static_cast<std::ptrdiff_t>(from),
                            all.begin() + static_cast<std::ptrdiff_t>(to));
    auto work = [&users = users_, ids] { return users.user_statuses(ids); };
    const auto statuses = co_await run_on(read_pool_, std::move(work));
    if (!statuses) {
      // Nobody is thrown out because the store is away; the next round asks again.
      log_debug("user_statuses_failed", {{"error", to_string(statuses.error().code)}});
      co_return;
    }
    judge(ids, *statuses);
  }
}

asio::awaitable<void> LiveSessions::run(std::shared_ptr<Timer> timer) {
  for (;;) {
    timer->timer.expires_after(options_.poll_interval);
    boost::system::error_code ignored;
    co_await timer->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (stopped_) co_return;
    co_await poll_once();
  }
}

void LiveSessions::start(asio::any_io_executor executor) {
  timer_ = std::make_shared<Timer>(executor);
  auto self = shared_from_this();
  asio::co_spawn(
      executor, [self] { return self->run(self->timer_); },
      [self](std::exception_ptr failure) {
        if (failure) log_error("live_sessions_poll_ended", {});
      });
}

void LiveSessions::stop() {
  stopped_ = true;
  if (!timer_) return;
  asio::post(timer_->timer.get_executor(), [timer = timer_] { timer->timer.cancel(); });
}

}  // namespace chat
