#include "model/feed.hpp"

namespace chat {
namespace {

constexpr std::string_view kRoom = "room:", kUser = "user:";
constexpr std::size_t kUuidText = 36;

bool is_canonical(std::string_view uuid) noexcept {
  if (uuid.size() != kUuidText) return false;
  for (const char c : uuid)
    if (c != '-' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return false;
  return true;
}

}  // namespace

std::string FeedKey::str() const { return std::string(is_room() ? kRoom : kUser) + id.str(); }

std::optional<FeedKey> FeedKey::parse(std::string_view text) noexcept {
  const bool room = text.starts_with(kRoom);
  if (!room && !text.starts_with(kUser)) return std::nullopt;
  text.remove_prefix(kRoom.size());
  const auto id = is_canonical(text) ? Uuid::parse(text) : std::nullopt;
  if (!id) return std::nullopt;
  return FeedKey{room ? Kind::room : Kind::user, *id};
}

}  // namespace chat
