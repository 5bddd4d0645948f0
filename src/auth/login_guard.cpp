#include "auth/login_guard.hpp"

#include "base/siphash.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace chat {
namespace {

using TimePoint = LoginGuard::TimePoint;

constexpr std::size_t kWays = 8, kLocks = 16;
// A window is ten slices; eleven are counted, since the oldest may be only partly over.
constexpr std::size_t kSlices = 11;

// Failures of one key in the last window, and how many attempts of it are being judged right now.
struct Failures {
  std::uint64_t hash = 0;   // 0 = empty
  std::uint32_t slice = 0;  // number of the newest slice, counted from the clock's beginning
  std::uint16_t running = 0;
  std::array<std::uint16_t, kSlices> counts{};  // ring: slice n is at n % kSlices

  void advance(std::uint32_t to) noexcept {
    if (to <= slice) return;
    if (to - slice >= kSlices) {
      counts.fill(0);
      running = 0;  // nothing is judged for a whole window: whoever was counted here is gone
    } else {
      for (auto s = slice + 1; s <= to; ++s) counts[s % kSlices] = 0;
    }
    slice = to;
  }
  int failed() const noexcept {
    int sum = 0;
    for (const auto n : counts) sum += n;
    return sum;
  }
  int weight() const noexcept { return failed() + running; }
  void add_failure() noexcept {
    auto& n = counts[slice % kSlices];
    if (n < std::numeric_limits<std::uint16_t>::max()) ++n;
  }
  // Slices until fewer than `limit` failures are counted.
  std::uint32_t slices_until_below(int limit) const noexcept {
    int left = failed();
    for (std::uint32_t n = 1; n <= kSlices; ++n) {
      left -= counts[(slice + n) % kSlices];  // the ring's next place holds the oldest slice
      if (left < limit) return n;
    }
    return kSlices;
  }
};

struct Success {
  std::uint64_t hash = 0;
  std::int64_t at_s = 0;
  int weight() const noexcept {
    return static_cast<int>(std::min<std::int64_t>(at_s, std::numeric_limits<int>::max()));
  }
};

// Entries by hash in sets of eight ways; a new one takes the place of the one with the least weight.
template <class Entry>
class Table {
 public:
  explicit Table(std::size_t slots) : sets_(std::bit_ceil(std::max<std::size_t>(1, slots / kWays))) {}

  // Calls use(entry*) under the entry's lock; null when there is none and `make` is false. `refresh` is applied to
  // every entry that is looked at, so that weights are those of now.
  template <class Refresh, class Use>
  auto with(std::uint64_t hash, bool make, Refresh refresh, Use use) {
    const auto index = hash & (sets_.size() - 1);
    const std::lock_guard lock(locks_[index % kLocks]);
    auto& set = sets_[index];
    auto it = std::find_if(set.begin(), set.end(), [&](const Entry& e) { return e.hash == hash; });
    if (it == set.end()) {
      if (!make) return use(static_cast<Entry*>(nullptr));
      for (auto& entry : set) refresh(entry);
      it = std::min_element(set.begin(), set.end(), [](const Entry& a, const Entry& b) {
        return (a.hash ? a.weight() : -1) < (b.hash ? b.weight() : -1);
      });
      *it = Entry{};
      it->hash = hash;
    }
    refresh(*it);
    return use(&*it);
  }

 private:
  std::vector<std::array<Entry, kWays>> sets_;
  std::array<std::mutex, kLocks> locks_;  // lock i guards the sets with index % kLocks == i
};

}  // namespace

struct LoginGuard::State {
  explicit State(const LoginGuardOptions& o)
      : options(o), pairs(o.slots), accounts(o.slots), addresses(o.slots), successes(o.slots) {}

  std::uint32_t slice_of(TimePoint now) const {
    const auto length = std::max<std::chrono::nanoseconds>(options.window, std::chrono::seconds(1)) / 10;
    return static_cast<std::uint32_t>(std::max<std::int64_t>(0, now.time_since_epoch() / length));
  }
  static std::int64_t seconds(TimePoint t) {
    return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
  }
  std::uint64_t hash(char table, std::string_view a, std::string_view b = {}) const {
    // The first length keeps ("ab", "c") and ("a", "bc") apart.
    std::string key(1, table);
    key += std::to_string(a.size());
    key += ':';
    key += a;
    key += b;
    const auto h = siphash(salt, key);
    return h ? h : 1;
  }

  // Whether `table` lets `hash` try once more; narrows `decision` to the limit nearest to being reached. With `run` the
  // attempt is counted as running where it is let through.
  bool judge(Table<Failures>& table, std::uint64_t hash, int limit, TimePoint now, bool run, LoginDecision& decision) {
    const auto slice = slice_of(now);
    const auto refresh = [&](Failures& f) { f.advance(slice); };
    return table.with(hash, run, refresh, [&](Failures* f) {
      const int used = f ? f->weight() : 0;
      const int remaining = std::max(0, limit - used - 1);
      if (decision.limit == 0 || remaining < decision.remaining) {
        decision.limit = limit;
        decision.remaining = remaining;
      }
      if (used < limit) {
        if (run) ++f->running;
        return true;
      }
      decision.allowed = false;
      const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(options.window) / 10;
      const auto wait = f->failed() < limit ? std::chrono::milliseconds(1000) : length * f->slices_until_below(limit);
      const auto whole = std::chrono::ceil<std::chrono::seconds>(wait);
      decision.retry_after = std::clamp(whole, std::chrono::seconds(1), std::chrono::seconds(60));
      return false;
    });
  }

  // Ends what judge counted as running; `failed` makes a failure of it, `clear` forgets all failures of the key.
  void settle(Table<Failures>& table, std::uint64_t hash, TimePoint now, bool failed, bool clear = false) {
    const auto slice = slice_of(now);
    table.with(
        hash, failed, [&](Failures& f) { f.advance(slice); },
        [&](Failures* f) {
          if (!f) return;
          if (f->running > 0) --f->running;
          if (failed) f->add_failure();
          if (clear) f->counts.fill(0);
        });
  }

  bool succeeded_lately(std::uint64_t pair, TimePoint now) {
    return successes.with(
        pair, false, [](Success&) {},
        [&](Success* s) { return s && seconds(now) - s->at_s < options.success_memory.count(); });
  }

  LoginGuardOptions options;
  SipKey salt = SipKey::random();
  Table<Failures> pairs, accounts, addresses;
  Table<Success> successes;
};

LoginGuard::LoginGuard(LoginGuardOptions options) {
  if (options.enabled) state_ = std::make_unique<State>(options);
}
LoginGuard::~LoginGuard() = default;

LoginDecision LoginGuard::check(std::string_view account, std::string_view address, TimePoint now) const {
  LoginDecision decision;
  if (!state_) return decision;
  auto& s = *state_;
  const auto pair = s.hash('p', account, address);
  s.judge(s.pairs, pair, s.options.per_pair, now, false, decision);
  s.judge(s.addresses, s.hash('d', address), s.options.per_address, now, false, decision);
  if (!s.succeeded_lately(pair, now)) {
    s.judge(s.accounts, s.hash('c', account), s.options.per_account, now, false, decision);
  }
  return decision;
}

LoginGuard::Attempt LoginGuard::begin(std::string_view account, std::string_view address, TimePoint now) {
  Attempt attempt;
  if (!state_) return attempt;
  auto& s = *state_;
  attempt.pair_ = s.hash('p', account, address);
  attempt.address_ = s.hash('d', address);
  attempt.account_ = s.hash('c', account);
  attempt.began_ = now;
  attempt.known_ = s.succeeded_lately(attempt.pair_, now);
  auto& decision = attempt.decision_;
  if (!s.judge(s.pairs, attempt.pair_, s.options.per_pair, now, true, decision)) return attempt;
  if (!s.judge(s.addresses, attempt.address_, s.options.per_address, now, true, decision)) {
    s.settle(s.pairs, attempt.pair_, now, false);
    return attempt;
  }
  if (!attempt.known_ && !s.judge(s.accounts, attempt.account_, s.options.per_account, now, true, decision)) {
    s.settle(s.pairs, attempt.pair_, now, false);
    s.settle(s.addresses, attempt.address_, now, false);
    return attempt;
  }
  attempt.guard_ = this;
  return attempt;
}

LoginGuard::Attempt::Attempt(Attempt&& other) noexcept
    : guard_(std::exchange(other.guard_, nullptr)),
      pair_(other.pair_),
      account_(other.account_),
      address_(other.address_),
      began_(other.began_),
      known_(other.known_),
      decision_(other.decision_) {}

LoginGuard::Attempt::~Attempt() { end(); }

void LoginGuard::Attempt::end() noexcept {
  if (!guard_) return;
  auto& s = *std::exchange(guard_, nullptr)->state_;
  s.settle(s.pairs, pair_, began_, false);
  s.settle(s.addresses, address_, began_, false);
  if (!known_) s.settle(s.accounts, account_, began_, false);
}

void LoginGuard::Attempt::succeeded(TimePoint now) {
  if (!guard_) return;
  auto& s = *std::exchange(guard_, nullptr)->state_;
  s.settle(s.pairs, pair_, now, false, true);
  s.settle(s.addresses, address_, now, false);
  if (!known_) s.settle(s.accounts, account_, now, false);
  s.successes.with(
      pair_, true, [](Success&) {}, [&](Success* entry) { entry->at_s = State::seconds(now); });
}

void LoginGuard::Attempt::failed(TimePoint now) {
  if (!guard_) return;
  auto& s = *std::exchange(guard_, nullptr)->state_;
  s.settle(s.pairs, pair_, now, true);
  s.settle(s.addresses, address_, now, true);
  if (!known_) s.settle(s.accounts, account_, now, true);
}

}  // namespace chat
