#include "base/utf8.hpp"
#include "storage/journal/room_book.hpp"

namespace chat::journal {
namespace {

bool is_text(const std::optional<std::string>& text) { return !text || journal::is_text(std::string_view(*text)); }

struct Storable {
  bool operator()(const EditMessage& c) const { return journal::is_text(c.content) && is_text(c.metadata); }
  bool operator()(const SetReaction& c) const { return journal::is_text(c.reaction); }
  bool operator()(const SetPassword& c) const { return journal::is_text(c.hash); }
  bool operator()(const ChangeRoom& c) const { return is_text(c.name) && is_text(c.description); }
  template <class Other>
  bool operator()(const Other&) const {
    return true;
  }
};

}  // namespace

bool is_text(std::string_view bytes) { return bytes.find('\0') == bytes.npos && is_utf8(bytes); }

bool is_storable(const AppendMessage& m) {
  return is_text(std::string_view(m.content)) && is_text(m.metadata) && is_text(m.client_id);
}

bool is_storable(const FeedCommand& c) { return is_text(c.client_id) && std::visit(Storable{}, c.change); }

bool is_storable(const UserCommand& c) { return std::visit(Storable{}, c.change); }

bool is_storable(const WriteItem& item) {
  if (item.message) return is_storable(*item.message);
  return item.command ? is_storable(*item.command) : is_storable(*item.user_command);
}

}  // namespace chat::journal
