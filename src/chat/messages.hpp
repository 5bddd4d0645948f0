// Sending a message, as the rules see it: what a message may be, and how often one user may send.
//
// Thread-safe. Whether the author may post in the room is settled by the journal, under the room's lock.
#pragma once

#include "base/keyed_rate_limiter.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/ids.hpp"
#include "model/limits.hpp"
#include "model/user.hpp"
#include "ports/journal.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace chat {

struct MessagesOptions {
  std::size_t max_content_bytes = 64 * 1024;
  RateLimit messages{50, 300};       // of one user, whatever way they come; rate 0 = no limit
  std::size_t rate_entries = 16384;  // users whose rate is remembered
};

struct NewMessage {
  RoomId room_id;
  std::string content;                   // 1..max_content_bytes
  std::optional<std::string> client_id;  // 1..kMaxClientIdBytes
  std::optional<std::string> metadata;   // JSON, checked at the edge; at most kMaxMetadataBytes
  std::optional<MessageId> reply_to;
};

class Messages {
 public:
  // All referenced objects outlive this one.
  Messages(Journal& journal, const Clock& clock, MessagesOptions options);

  // Answers when the message is on disk. A `client_id` that this author has used in the room gets the answer of then,
  // whatever else the message says, and nothing is stored. Resumes the caller on its own executor.
  // Errors: invalid, too_large (the content), rate_limited (with `Error::retry`), room_not_found, forbidden, overloaded
  // and unavailable (not stored), outcome_unknown, internal.
  boost::asio::awaitable<Result<Stored>> send(Principal author, NewMessage message, Origin origin);

  // Takes one message's share of the user's rate: the one limiter for all ways to send. Room sockets use it directly;
  // over the rate they are not read for `retry_after`.
  RateDecision take_share(UserId user);

 private:
  Result<void> check(const NewMessage& message) const;

  Journal& journal_;
  const Clock& clock_;
  const std::size_t max_content_bytes_;
  KeyedRateLimiter rates_;
};

}  // namespace chat
