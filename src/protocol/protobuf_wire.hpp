// Protobuf's wire format (protobuf.dev, "Encoding"): tags, varints and lengths, without any schema. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chat::centrifuge::protobuf {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 };

struct WireTag {
  std::uint32_t number = 0;
  WireType type = WireType::varint;
};

// Reads one message field by field; what it hands out are views of the input. Every call that reads answers false at a
// fault, which `fault` then names, and from then on.
class WireReader {
 public:
  explicit WireReader(std::string_view message) noexcept : rest_(message) {}

  // False at the end too.
  bool next(WireTag& tag) noexcept;
  // The value of the field whose tag was read is taken by one of these. At most ten bytes, at most 64 bits.
  bool varint(std::uint64_t& value) noexcept;
  bool bytes(std::string_view& value) noexcept;
  bool skip(const WireTag& tag) noexcept;
  bool expect(const WireTag& tag, WireType type) noexcept {
    return tag.type == type || fail("a field of another type");
  }

  std::string_view rest() const noexcept { return rest_; }
  const char* fault() const noexcept { return fault_; }  // null: none so far
  bool fail(const char* why) noexcept;

 private:
  std::string_view rest_;
  const char* fault_ = nullptr;
};

void append_varint(std::string& out, std::uint64_t value);
void append_tag(std::string& out, std::uint32_t number, WireType type);
// Puts the length of what was appended since `start` before it.
void insert_length(std::string& out, std::size_t start);

}  // namespace chat::centrifuge::protobuf
