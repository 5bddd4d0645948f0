#include "storage/journal/room_book.hpp"

namespace chat::journal {
namespace {

// Length of the well-formed character at the front (RFC 3629, 4); 0: there is none.
std::size_t character(std::string_view s) {
  const auto at = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xC0u) == 0x80u; };
  const unsigned c = at(0);
  if (c == 0) return 0;
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return tail(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    const bool second = c == 0xE0   ? at(1) >= 0xA0 && at(1) <= 0xBF
                        : c == 0xED ? at(1) >= 0x80 && at(1) <= 0x9F
                                    : tail(1);
    return second && tail(2) ? 3 : 0;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    const bool second = c == 0xF0   ? at(1) >= 0x90 && at(1) <= 0xBF
                        : c == 0xF4 ? at(1) >= 0x80 && at(1) <= 0x8F
                                    : tail(1);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool is_text(const std::optional<std::string>& text) { return !text || journal::is_text(std::string_view(*text)); }

struct Storable {
  bool operator()(const EditMessage& c) const { return journal::is_text(c.content) && is_text(c.metadata); }
  bool operator()(const SetReaction& c) const { return journal::is_text(c.reaction); }
  bool operator()(const ChangeRoom& c) const { return is_text(c.name) && is_text(c.description); }
  template <class Other>
  bool operator()(const Other&) const {
    return true;
  }
};

}  // namespace

bool is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t n = character(bytes);
    if (n == 0) return false;
    bytes.remove_prefix(n);
  }
  return true;
}

bool is_storable(const AppendMessage& m) {
  return is_text(std::string_view(m.content)) && is_text(m.metadata) && is_text(m.client_id);
}

bool is_storable(const FeedCommand& c) { return is_text(c.client_id) && std::visit(Storable{}, c.change); }

std::string json_string(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (u < 0x20)
      ((out += "\\u00") += kHex[u >> 4]) += kHex[u & 15];
    else
      out += c;
  }
  return out += '"';
}

}  // namespace chat::journal
