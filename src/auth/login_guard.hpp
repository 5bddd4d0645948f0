// Failed logins are counted, so that passwords cannot be guessed and nobody can lock another out.
//
// In a sliding window (5 minutes; never less, at most a tenth more):
//  - `per_pair` failures of one account from one address; a success clears them;
//  - `per_account` failures of one account from everywhere. An address from which that account was logged into lately
//    neither counts here nor is stopped by it: an attacker elsewhere cannot keep the owner out;
//  - `per_address` failures from one address.
//
// A login is judged twice: `check` before it is queued (a refused one costs nothing), `begin` on the hashing thread
// just before the hash. What runs counts as failed until it has ended, so that guesses sent all at once do not slip
// through together.
//
// Thread-safe; time is handed in. Tables of fixed size, keyed by a salted hash; what carries least leaves first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace chat {

struct LoginGuardOptions {
  bool enabled = true;  // false: everything is allowed and nothing counted (RATE_LIMITS=off)
  int per_pair = 10;
  int per_account = 50;
  int per_address = 60;
  std::chrono::seconds window{300};
  std::chrono::seconds success_memory{24 * 3600};  // how long an address counts as the owner's after a success
  std::size_t slots = 65536;                       // entries of each table, 48 bytes each
};

struct LoginDecision {
  bool allowed = true;
  std::chrono::seconds retry_after{0};  // 1 to 60 when refused
  int limit = 0;                        // of the limit nearest to being reached
  int remaining = 0;
};

class LoginGuard {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit LoginGuard(LoginGuardOptions options);
  ~LoginGuard();
  LoginGuard(const LoginGuard&) = delete;
  LoginGuard& operator=(const LoginGuard&) = delete;

  // `account`: the name as accounts are compared (case-folded), existing or not; `address`: IpAddress::limit_key().
  LoginDecision check(std::string_view account, std::string_view address, TimePoint now) const;

  // One login being judged. Must not outlive its guard. Destroyed without a verdict it counts as nothing.
  class [[nodiscard]] Attempt {
   public:
    Attempt(Attempt&& other) noexcept;
    Attempt& operator=(Attempt&&) = delete;
    ~Attempt();

    const LoginDecision& decision() const noexcept { return decision_; }
    bool allowed() const noexcept { return decision_.allowed; }
    void succeeded(TimePoint now);
    void failed(TimePoint now);

   private:
    friend class LoginGuard;
    Attempt() = default;
    void end() noexcept;
    LoginGuard* guard_ = nullptr;  // null: refused, ended, or the guard is off
    std::uint64_t pair_ = 0, account_ = 0, address_ = 0;
    TimePoint began_{};
    bool known_ = false;  // the address had a recent success
    LoginDecision decision_;
  };
  Attempt begin(std::string_view account, std::string_view address, TimePoint now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chat
