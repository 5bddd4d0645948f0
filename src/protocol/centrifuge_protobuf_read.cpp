// Read by hand rather than by generated classes: those take a field that comes twice, drop one of a wrong type, forget
// which of two methods came first, and copy every byte once more.
#include "base/utf8.hpp"
#include "protocol/centrifuge_protobuf.hpp"
#include "protocol/centrifuge_walk.hpp"
#include "protocol/protobuf_wire.hpp"

#include <utility>

namespace chat::centrifuge::protobuf {
namespace {

template <class M>
bool read_message(WireReader& in, M& out);

bool read_text(WireReader& in, std::string_view bytes, std::string& out) {
  if (bytes.find('\0') != bytes.npos) return in.fail("contains U+0000");
  if (!is_utf8(bytes)) return in.fail("invalid UTF-8");
  out = bytes;
  return true;
}

template <class Int>
bool read_integer(WireReader& in, Int& out) {
  std::uint64_t value = 0;
  if (!in.varint(value)) return false;
  if constexpr (std::is_same_v<Int, bool>) {
    out = value != 0;
    return true;
  }
  // A negative int32 comes as ten bytes too: as the 64-bit number (encoding, "signed integers").
  out = static_cast<Int>(value);
  using Wide = std::conditional_t<std::is_signed_v<Int>, std::int64_t, std::uint64_t>;
  return static_cast<Wide>(out) == static_cast<Wide>(value) || in.fail("a number out of range");
}

// The message that `bytes` are, inside what `in` reads.
template <class M>
bool read_nested(WireReader& in, std::string_view bytes, M& out) {
  WireReader inner(bytes);
  return read_message(inner, out) || in.fail(inner.fault());
}

template <class T>
bool read_delimited(WireReader& in, std::string_view bytes, FieldForm form, T& out) {
  if constexpr (std::is_same_v<T, std::string>) {
    if (form == FieldForm::plain) return read_text(in, bytes, out);
    out = bytes;
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    out = true;  // FieldForm::presence
    return true;
  } else if constexpr (kIsOptional<T>) {
    return read_nested(in, bytes, out.emplace());
  } else {
    return read_nested(in, bytes, out);
  }
}

// One entry: a message of key = 1 and value = 2.
template <class T>
bool read_entry(WireReader& in, std::string_view bytes, Map<T>& out) {
  if (out.size() == kMaxMapEntries) return in.fail("too many entries");
  auto& [key, value] = out.emplace_back();
  WireReader entry(bytes);
  WireTag tag;
  bool seen[2] = {};
  std::string_view part;
  while (entry.next(tag)) {
    if (tag.number > 2) {
      if (!entry.skip(tag)) break;
      continue;
    }
    if (std::exchange(seen[tag.number - 1], true)) return in.fail("a field twice");
    if (!entry.expect(tag, WireType::delimited) || !entry.bytes(part)) break;
    if (!(tag.number == 1 ? read_text(in, part, key) : read_delimited(in, part, FieldForm::plain, value))) return false;
  }
  return !entry.fault() || in.fail(entry.fault());
}

template <class M, class T>
bool read_field(WireReader& in, const WireTag& tag, const Field<M, T>& field, T& out) {
  if constexpr (std::is_integral_v<T>) {
    if (field.form != FieldForm::presence) return in.expect(tag, WireType::varint) && read_integer(in, out);
  }
  std::string_view bytes;
  if (!in.expect(tag, WireType::delimited) || !in.bytes(bytes)) return false;
  if constexpr (kIsMap<T>) {
    return read_entry(in, bytes, out);
  } else {
    return read_delimited(in, bytes, field.form, out);
  }
}

// Notes that the field of that bit is read.
bool first_time(WireReader& in, std::uint32_t& seen, std::uint32_t bit) {
  if (seen & bit) return in.fail("a field twice");
  seen |= bit;
  return true;
}

template <class M>
bool has_repeated_keys(const M& message) {
  const auto repeats = [&](const auto& field) {
    if constexpr (kIsMap<std::remove_cvref_t<decltype(message.*(field.member))>>) {
      return has_repeated_key(message.*(field.member));
    } else {
      return false;
    }
  };
  return std::apply([&](const auto&... field) { return (repeats(field) || ...); }, kFields<M>);
}

template <class M>
bool read_message(WireReader& in, M& out) {
  std::uint32_t seen = 0;
  WireTag tag;
  while (in.next(tag)) {
    const auto is_numbered = [&](const auto& field) { return field.number == tag.number; };
    const auto read = [&](const auto& field, std::uint32_t bit) {
      using T = std::remove_cvref_t<decltype(out.*(field.member))>;
      if (kIsMap<T> || first_time(in, seen, bit)) read_field(in, tag, field, out.*(field.member));
    };
    if (!find_field<M>(is_numbered, read)) in.skip(tag);
  }
  return !in.fault() && (!has_repeated_keys(out) || in.fail("a key twice in one map"));
}

bool read_command_message(WireReader& in, Command& out) {
  constexpr std::uint32_t kIdBit = 1u << 31;
  std::uint32_t seen = 0;
  WireTag tag;
  while (in.next(tag)) {
    if (tag.number == kCommandId) {
      if (first_time(in, seen, kIdBit) && in.expect(tag, WireType::varint)) read_integer(in, out.id);
      continue;
    }
    const auto is_numbered = [&](const Method& method) { return method.number == tag.number; };
    const auto read = [&]<class M>(std::in_place_type_t<M>, std::uint32_t bit) {
      std::string_view bytes;
      if (!first_time(in, seen, bit) || !in.expect(tag, WireType::delimited) || !in.bytes(bytes)) return;
      if (std::holds_alternative<std::monostate>(out.method)) read_nested(in, bytes, out.method.emplace<M>());
    };
    if (!find_method(is_numbered, read)) in.skip(tag);
  }
  return !in.fault();
}

}  // namespace

Result<Command> read_command(std::string_view object) {
  WireReader in(object);
  Command command;
  if (!read_command_message(in, command)) return Error(Errc::invalid, in.fault());
  return command;
}

Result<EmulationRequest> read_emulation_request(std::string_view body) {
  WireReader in(body);
  EmulationRequest request;
  if (!read_message(in, request)) return Error(Errc::invalid, in.fault());
  return request;
}

}  // namespace chat::centrifuge::protobuf
