#include "chat/messages.hpp"

#include "base/await_callback.hpp"

#include <string_view>
#include <utility>

namespace chat {
namespace {

std::string_view key_of(const UserId& id) {
  return {reinterpret_cast<const char*>(id.value.bytes.data()), id.value.bytes.size()};
}

AppendMessage append_of(Principal author, NewMessage message, Origin origin) {
  AppendMessage out;
  out.room_id = message.room_id;
  out.author = std::move(author);
  out.client_id = std::move(message.client_id);
  out.content = std::move(message.content);
  out.metadata = std::move(message.metadata);
  out.reply_to = message.reply_to;
  out.origin = origin;
  return out;
}

}  // namespace

Messages::Messages(Journal& journal, const Clock& clock, MessagesOptions options)
    : journal_(journal),
      clock_(clock),
      max_content_bytes_(options.max_content_bytes),
      rates_(options.messages, options.rate_entries) {}

Result<void> Messages::check(const NewMessage& message) const {
  if (message.content.empty()) return Error{Errc::invalid, "content: must not be empty"};
  if (message.content.size() > max_content_bytes_)
    return Error{Errc::too_large, "content: at most " + std::to_string(max_content_bytes_) + " bytes"};
  if (message.client_id && (message.client_id->empty() || message.client_id->size() > kMaxClientIdBytes))
    return Error{Errc::invalid, "client_id: 1 to 64 bytes"};
  if (message.metadata && (message.metadata->empty() || message.metadata->size() > kMaxMetadataBytes))
    return Error{Errc::invalid, "metadata: JSON of at most 8 KiB"};
  return {};
}

RateDecision Messages::take_share(UserId user) { return rates_.take(key_of(user), clock_.steady()); }

boost::asio::awaitable<Result<Stored>> Messages::send(Principal author, NewMessage message, Origin origin) {
  if (auto good = check(message); !good) co_return good.error();
  const UserId user = author.id;
  const auto share = take_share(user);
  if (!share.allowed) {
    co_return Error{Errc::rate_limited, "too many messages",
                    RetryHint{std::chrono::seconds(share.retry_after_seconds()), share.limit}};
  }
  auto start = [this, user, append = append_of(std::move(author), std::move(message), origin)](auto done) mutable {
    if (journal_.append(std::move(append), done)) return;
    rates_.refund(key_of(user), clock_.steady());
    done(Error{Errc::overloaded, "too many messages are waiting to be stored"});
  };
  co_return co_await await_callback<Result<Stored>>(std::move(start));
}

}  // namespace chat
