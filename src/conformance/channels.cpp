#include "conformance/channels.hpp"

#include <algorithm>
#include <set>

namespace chat::conformance {
namespace {

using namespace centrifuge;

struct Namespace {
  std::string_view name;
  std::size_t kept;
};
constexpr std::size_t kKept = 100;
constexpr Namespace kNamespaces[] = {{"recovery", kKept}, {"delta", kKept}, {"smallhistory", 2}};

// How many publications a channel of that name keeps; nothing when there can be none.
std::optional<std::size_t> kept_by(std::string_view name) {
  const auto colon = name.find(':');
  if (colon == name.npos || name.starts_with('#')) return kKept;
  for (const auto& [space, kept] : kNamespaces) {
    if (name.substr(0, colon) == space) return kept;
  }
  return std::nullopt;
}

}  // namespace

void Channel::publish(std::string data, std::optional<ClientInfo> from) {
  std::optional<std::string> before;
  if (const Publication* last = stream_.newest()) before = last->data;
  const Publication& publication = stream_.append(std::move(data), std::move(from));
  for (Subscriber* subscriber : subscribers_) {
    subscriber->on_publication(*this, publication, before ? &*before : nullptr);
  }
}

void Channel::announce(const Subscriber& newcomer) const {
  for (Subscriber* subscriber : subscribers_) subscriber->on_join(*this, newcomer.info());
}

void Channel::remove(Subscriber& subscriber, bool quietly) {
  const auto it = std::find(subscribers_.begin(), subscribers_.end(), &subscriber);
  if (it == subscribers_.end()) return;
  subscribers_.erase(it);
  if (quietly) return;
  for (Subscriber* other : subscribers_) other->on_leave(*this, subscriber.info());
}

std::size_t Channel::count_users() const {
  std::set<std::string_view> users;
  for (const Subscriber* subscriber : subscribers_) users.insert(subscriber->info().user);
  return users.size();
}

std::variant<Channel*, ErrorCode> Channels::open(std::string_view name, std::string_view user) {
  if (name.starts_with('#') && name.substr(1) != user) return ErrorCode::permission_denied;
  return open(name);
}

std::variant<Channel*, ErrorCode> Channels::open(std::string_view name) {
  const auto kept = kept_by(name);
  if (!kept) return ErrorCode::unknown_channel;
  auto& channel = channels_[std::string(name)];
  if (!channel) channel = std::make_unique<Channel>(std::string(name), epoch_, *kept);
  return channel.get();
}

}  // namespace chat::conformance
