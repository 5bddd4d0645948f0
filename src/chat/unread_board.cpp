#include "chat/unread_board.hpp"

#include "base/flat_json.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace chat {

namespace asio = boost::asio;
using std::chrono::microseconds;

namespace {

constexpr std::size_t kRoomsAPage = 500;

// A set that is kept sorted: few, small, and mostly only read.
bool insert(std::vector<RoomId>& set, RoomId room) {
  const auto place = std::lower_bound(set.begin(), set.end(), room);
  if (place != set.end() && *place == room) return false;
  set.insert(place, room);
  return true;
}

bool erase(std::vector<RoomId>& set, RoomId room) {
  const auto place = std::lower_bound(set.begin(), set.end(), room);
  if (place == set.end() || *place != room) return false;
  set.erase(place);
  return true;
}

// What a store throws on the pool, where nobody catches, is a failure like any other.
template <class Read>
std::invoke_result_t<Read&> attempt(Read read) {
  try {
    return read();
  } catch (const std::exception& e) {
    return Error(Errc::internal, e.what());
  }
}

// One entry for a room: the one that was read last.
void merge(std::vector<UnreadCount>& counts) {
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.room < b.room; });
  const auto last = std::unique(counts.rbegin(), counts.rend(), [](auto& a, auto& b) { return a.room == b.room; });
  counts.erase(counts.begin(), last.base());
}

}  // namespace

UnreadBoard::UnreadBoard(RoomStore& rooms, BlockingPool& read_pool, Push push, const Clock& clock,
                         UnreadOptions options)
    : rooms_(rooms),
      read_pool_(read_pool),
      push_(std::move(push)),
      clock_(clock),
      options_(options),
      signals_(metrics().counter("chatd_unread_signals_total", "Unread counts pushed to users.")),
      failures_(metrics().counter("chatd_unread_reads_failed_total", "Reads of unread counts that will be repeated.")) {
}

// --- who is here ---

void UnreadBoard::session_opened(UserId id) {
  {
    const std::lock_guard lock(mutex_);
    User& user = users_[id];
    if (user.sessions++ == 0) user.moved = true;
    Work& work = owed_[id];
    work.snapshot = true;
    work.after = RoomId{};
  }
  wake();
}

// A user who was told less than `interval` ago is remembered until then: coming back at once is no way to be told, and
// to have the store read, more often.
void UnreadBoard::session_ended(UserId id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(id);
    if (found == users_.end() || --found->second.sessions > 0) return;
    drop_rooms(id, found->second);
    if (found->second.next_at <= clock_.steady()) {
      owed_.erase(id);
      users_.erase(found);
      return;
    }
    owed_[id] = Work{};
  }
  wake();
}

std::size_t UnreadBoard::users() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(users_.begin(), users_.end(), [](const auto& user) { return user.second.sessions > 0; }));
}

void UnreadBoard::add_room(UserId id, User& user, RoomId room) {
  user.moved = true;
  if (!user.settled || !insert(user.rooms, room)) return;
  watched_.add(room, id);
}

void UnreadBoard::drop_rooms(UserId id, User& user) {
  for (const RoomId& room : user.rooms) watched_.remove(room, id);
  user.rooms = {};
  user.settled = false;
}

void UnreadBoard::joined(UserId id, RoomId room) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(id);
    if (found == users_.end() || found->second.sessions == 0) return;
    add_room(id, found->second, room);
    insert(owed_[id].rooms, room);  // others may have found the room, and said something, before
  }
  wake();
}

// --- what happens ---

void UnreadBoard::on_commit(const Commit& commit) {
  bool changed = false;
  for (const CommittedEvent& committed : commit.events) {
    const Event& event = *committed.event;
    switch (event.kind) {
      case EventKind::message_created:
        changed |= watched_.mark(event.room_id(), event.actor_id);
        break;
      case EventKind::message_deleted:
        changed |= watched_.mark(event.room_id(), UserId{});
        break;
      case EventKind::invited:
      case EventKind::membership_ended:
        follow(event);
        break;
      default:
        break;
    }
  }
  if (changed) wake();
}

// Joining leaves nothing unread, so there is nothing to tell: but from now on there may be.
void UnreadBoard::follow(const Event& event) {
  const UserId id = event.feed.user_id();
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(id);
  if (found == users_.end() || found->second.sessions == 0) return;
  const auto payload = FlatJson::parse(event.payload);
  const FlatJsonMember* member = payload ? payload->find("room_id") : nullptr;
  const auto room = member ? RoomId::parse(member->text) : std::nullopt;
  if (!room) return log_error("unread_event_without_room", {{"user_id", id.str()}, {"event_id", event.id.str()}});
  User& user = found->second;
  if (event.kind == EventKind::invited) return add_room(id, user, *room);
  user.moved = true;
  if (erase(user.rooms, *room)) watched_.remove(*room, id);
}

void UnreadBoard::owe(const std::vector<Membership>& changed) {
  for (const auto& [id, room] : changed) {
    const auto found = users_.find(id);
    if (found != users_.end() && found->second.settled) insert(owed_[id].rooms, room);
  }
}

// --- a round ---

std::optional<microseconds> UnreadBoard::round() {
  woken_.store(false);  // what is marked from here on is for another round
  const auto changed = watched_.take_changed();
  std::vector<Turn> turns;
  {
    const std::lock_guard lock(mutex_);
    owe(changed);
    turns = take_due(clock_.steady());
  }
  bool away = false;  // the store: it is asked no more in this round
  std::vector<Turn*> portion;
  std::size_t pairs = 0;
  for (Turn& turn : turns) {
    if (!away && turn.work.snapshot) away = !take_snapshot(turn);
    if (!away && pairs + turn.work.rooms.size() > RoomStore::kMaxUnreadPairs) {
      away = !read_counts(portion);
      pairs = 0;
    }
    turn.failed = away;
    if (away || !turn.settled) continue;
    pairs += turn.work.rooms.size();
    portion.push_back(&turn);
  }
  read_counts(portion);
  const std::lock_guard lock(mutex_);
  for (Turn& turn : turns) finish(turn);
  return until_next(clock_.steady());
}

// Whose time has come, as many as a round may have; who is only remembered is forgotten.
std::vector<UnreadBoard::Turn> UnreadBoard::take_due(TimePoint now) {
  std::vector<Turn> turns;
  std::size_t snapshots = 0;
  auto next = owed_.upper_bound(last_taken_);
  for (std::size_t left = owed_.size(); left > 0 && turns.size() < options_.users_a_round; --left) {
    if (next == owed_.end()) next = owed_.begin();
    const auto here = next++;
    const auto found = users_.find(here->first);
    User& user = found->second;
    if (user.next_at > now) continue;
    if (user.sessions == 0) {
      users_.erase(found);
      owed_.erase(here);
      continue;
    }
    if (here->second.snapshot && ++snapshots > options_.snapshots_a_round) break;
    Turn turn;
    turn.user = here->first;
    turn.work = std::move(here->second);
    turn.settled = user.settled;
    owed_.erase(here);
    last_taken_ = turn.user;
    // More than fits one signal waits for the next.
    auto& rooms = turn.work.rooms;
    if (rooms.size() > options_.rooms_a_signal) {
      const auto rest = rooms.begin() + static_cast<std::ptrdiff_t>(options_.rooms_a_signal);
      owed_[turn.user].rooms.assign(rest, rooms.end());
      rooms.erase(rest, rooms.end());
    }
    if (!turn.settled) user.moved = false;
    turns.push_back(std::move(turn));
  }
  return turns;
}

// First his rooms are watched, then they are counted: what comes in between is marked. False: the store is away.
bool UnreadBoard::take_snapshot(Turn& turn) {
  if (!turn.settled) {
    const auto rooms = read_rooms(turn.user);
    if (!rooms) return note_failure(rooms.error()), false;
    turn.settled = settle(turn.user, *rooms);
    if (!turn.settled) return true;
  }
  const std::size_t most = options_.rooms_a_signal;
  auto page = attempt([&] { return rooms_.unread_rooms(turn.user, most, turn.work.after); });
  if (!page) return note_failure(page.error()), false;
  turn.counts = std::move(*page);
  if (turn.counts.size() >= most) turn.rest_after = turn.counts.back().room;
  return true;
}

Result<std::vector<RoomId>> UnreadBoard::read_rooms(UserId id) {
  std::vector<RoomId> rooms;
  std::optional<RoomId> after;
  for (;;) {
    const auto page = attempt([&] { return rooms_.list_member_rooms(id, kRoomsAPage, after); });
    if (!page) return page.error();
    for (const RoomAccess& access : *page) rooms.push_back(access.room.id);
    if (page->size() < kRoomsAPage) return rooms;
    after = rooms.back();
  }
}

// False: he has come, gone, entered or left a room since these were read.
bool UnreadBoard::settle(UserId id, const std::vector<RoomId>& rooms) {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(id);
  if (found == users_.end() || found->second.sessions == 0 || found->second.moved) return false;
  User& user = found->second;
  user.rooms = rooms;
  std::sort(user.rooms.begin(), user.rooms.end());
  user.settled = true;
  for (const RoomId& room : user.rooms) watched_.add(room, id);
  return true;
}

// Of at most kMaxUnreadPairs rooms altogether. Empties the list. False: the store is away.
bool UnreadBoard::read_counts(std::vector<Turn*>& turns) {
  std::vector<Turn*> asked;
  std::vector<Membership> pairs;
  for (Turn* turn : std::exchange(turns, {})) {
    if (turn->work.rooms.empty()) continue;
    asked.push_back(turn);
    for (const RoomId& room : turn->work.rooms) pairs.push_back({turn->user, room});
  }
  if (pairs.empty()) return true;
  const auto counts = attempt([&] { return rooms_.unread_counts(pairs); });
  if (!counts) {
    for (Turn* turn : asked) turn->failed = true;
    return note_failure(counts.error()), false;
  }
  std::unordered_map<UserId, Turn*> of;
  for (Turn* turn : asked) of.emplace(turn->user, turn);
  for (const UnreadCount& count : *counts) of.at(count.user)->counts.push_back(count);
  return true;
}

void UnreadBoard::note_failure(const Error& error) {
  failures_.add();
  log_debug("unread_counts_failed", {{"error", to_string(error.code)}});
}

// Tells him, unless something went wrong or he has gone. The mutex is held.
void UnreadBoard::finish(Turn& turn) {
  const auto found = users_.find(turn.user);
  if (found == users_.end() || found->second.sessions == 0) return;
  User& user = found->second;
  if (turn.failed) user.next_at = clock_.steady() + options_.interval;
  // Not settled: his rooms have to be read anew, for what is not zero as well.
  if (turn.failed || !turn.settled || !user.settled) return put_back(turn);
  merge(turn.counts);
  std::erase_if(turn.counts, [&](const UnreadCount& count) {
    return !std::binary_search(user.rooms.begin(), user.rooms.end(), count.room);
  });
  if (turn.rest_after) {
    Turn rest;
    rest.user = turn.user;
    rest.work.snapshot = true;
    rest.work.after = *turn.rest_after;
    put_back(rest);
  }
  if (turn.counts.empty()) return;
  push_(turn.user, turn.counts);
  signals_.add();
  user.next_at = clock_.steady() + options_.interval;
}

void UnreadBoard::put_back(const Turn& turn) {
  Work& work = owed_[turn.user];
  for (const RoomId& room : turn.work.rooms) insert(work.rooms, room);
  if (!turn.work.snapshot) return;
  work.after = work.snapshot ? std::min(work.after, turn.work.after) : turn.work.after;
  work.snapshot = true;
}

std::optional<microseconds> UnreadBoard::until_next(TimePoint now) const {
  std::optional<microseconds> least;
  for (const auto& [id, work] : owed_) {
    const auto left = std::chrono::ceil<microseconds>(users_.at(id).next_at - now);
    least = std::min(least.value_or(microseconds::max()), std::max(left, microseconds(0)));
  }
  return least;
}

// --- when rounds happen ---

// Home: the executor.
struct UnreadBoard::Ticker {
  explicit Ticker(const asio::any_io_executor& executor) : timer(executor) {}

  asio::steady_timer timer;
  bool waiting = false;  // for `at`
  bool running = false;  // a round, on the pool
  bool again = false;    // woken meanwhile
  bool stopped = false;
  TimePoint at{};
  TimePoint not_before{};
};

UnreadBoard::~UnreadBoard() = default;

void UnreadBoard::start(asio::any_io_executor executor) { ticker_ = std::make_unique<Ticker>(executor); }

void UnreadBoard::stop() {
  if (!ticker_) return;
  asio::post(ticker_->timer.get_executor(), [self = shared_from_this()] {
    self->ticker_->stopped = true;
    self->ticker_->timer.cancel();
  });
}

// There is something for a round. Any thread.
void UnreadBoard::wake() {
  if (!ticker_ || woken_.exchange(true)) return;
  asio::post(ticker_->timer.get_executor(), [self = shared_from_this()] { self->tick(microseconds(0)); });
}

void UnreadBoard::tick(microseconds delay) {
  Ticker& ticker = *ticker_;
  if (ticker.stopped) return;
  if (ticker.running) {
    ticker.again = true;
    return;
  }
  const TimePoint at = std::max(std::chrono::steady_clock::now() + delay, ticker.not_before);
  if (ticker.waiting && ticker.at <= at) return;
  ticker.waiting = true;
  ticker.at = at;
  ticker.timer.expires_at(at);
  ticker.timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
    if (!ec) self->begin_round();
  });
}

void UnreadBoard::begin_round() {
  Ticker& ticker = *ticker_;
  if (ticker.stopped || ticker.running) return;
  ticker.waiting = false;
  ticker.not_before = std::chrono::steady_clock::now() + options_.gather;
  ticker.running = read_pool_.post([self = shared_from_this()] {
    const auto next = self->round_on_pool();
    asio::post(self->ticker_->timer.get_executor(), [self, next] { self->round_ended(next); });
  });
  if (!ticker.running) tick(options_.interval);  // readers are waiting: they go first
}

std::optional<microseconds> UnreadBoard::round_on_pool() {
  try {
    return round();
  } catch (const std::exception& e) {
    log_error("unread_round_failed", {{"what", e.what()}});
    return options_.interval;
  }
}

void UnreadBoard::round_ended(std::optional<microseconds> next) {
  ticker_->running = false;
  if (std::exchange(ticker_->again, false)) tick(microseconds(0));
  if (next) tick(*next);
}

}  // namespace chat
