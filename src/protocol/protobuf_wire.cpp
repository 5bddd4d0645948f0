#include "protocol/protobuf_wire.hpp"

#include <limits>

namespace chat::centrifuge::protobuf {
namespace {

constexpr std::size_t kMaxVarintBytes = 10;

// Writes at most kMaxVarintBytes; answers how many.
std::size_t write_varint(char* to, std::uint64_t value) noexcept {
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) to[size++] = static_cast<char>(static_cast<unsigned char>(value | 0x80));
  to[size++] = static_cast<char>(static_cast<unsigned char>(value));
  return size;
}

}  // namespace

bool WireReader::fail(const char* why) noexcept {
  if (!fault_) fault_ = why;
  rest_ = {};
  return false;
}

bool WireReader::varint(std::uint64_t& value) noexcept {
  value = 0;
  for (std::size_t i = 0; i < kMaxVarintBytes; ++i) {
    if (i == rest_.size()) return fail("a truncated number");
    const auto byte = static_cast<unsigned char>(rest_[i]);
    if (i + 1 == kMaxVarintBytes && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      return true;
    }
  }
  return fail("a number of more than 64 bits");
}

bool WireReader::next(WireTag& tag) noexcept {
  std::uint64_t value = 0;
  if (rest_.empty() || !varint(value)) return false;
  const std::uint64_t type = value & 7;
  if (value > std::numeric_limits<std::uint32_t>::max() || value >> 3 == 0) return fail("an impossible field number");
  if (type != 0 && type != 1 && type != 2 && type != 5) return fail("a group or an unknown wire type");
  tag.number = static_cast<std::uint32_t>(value >> 3);
  tag.type = static_cast<WireType>(type);
  return true;
}

bool WireReader::bytes(std::string_view& value) noexcept {
  std::uint64_t size = 0;
  if (!varint(size)) return false;
  if (size > rest_.size()) return fail("a truncated field");
  value = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(value.size());
  return true;
}

bool WireReader::skip(const WireTag& tag) noexcept {
  std::uint64_t number = 0;
  std::string_view ignored;
  if (tag.type == WireType::varint) return varint(number);
  if (tag.type == WireType::delimited) return bytes(ignored);
  const std::size_t size = tag.type == WireType::fixed64 ? 8 : 4;
  if (size > rest_.size()) return fail("a truncated field");
  rest_.remove_prefix(size);
  return true;
}

void append_varint(std::string& out, std::uint64_t value) {
  char buf[kMaxVarintBytes];
  out.append(buf, write_varint(buf, value));
}

void append_tag(std::string& out, std::uint32_t number, WireType type) {
  append_varint(out, number << 3 | static_cast<std::uint32_t>(type));
}

void insert_length(std::string& out, std::size_t start) {
  char buf[kMaxVarintBytes];
  out.insert(start, buf, write_varint(buf, out.size() - start));
}

}  // namespace chat::centrifuge::protobuf
