#include "base/json_scanner.hpp"
#include "protocol/centrifuge_json.hpp"
#include "protocol/centrifuge_walk.hpp"
#include "schema/json_slice.hpp"

namespace chat::centrifuge::json {
namespace {

using Type = JsonScanner::Type;

template <class M>
bool read_object(JsonScanner& in, M& out);

template <class T>
bool read_value(JsonScanner& in, T& out) {
  if constexpr (std::is_same_v<T, bool>) {
    return in.boolean(out);
  } else if constexpr (std::is_integral_v<T>) {
    return in.integer(out);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return in.string(out);
  } else if constexpr (kIsOptional<T>) {
    return read_object(in, out.emplace());
  } else {
    return read_object(in, out);
  }
}

// Null is what is not there.
template <class T>
bool read_or_null(JsonScanner& in, T& out) {
  return in.next_type() == Type::null ? in.null() : read_value(in, out);
}

template <class T>
bool read_map(JsonScanner& in, Map<T>& out) {
  if (in.next_type() == Type::null) return in.null();
  if (!in.open_object()) return false;
  std::string key;
  while (in.next_member(key)) {
    if (out.size() == kMaxMapEntries) return in.fail("too many entries");
    if (!read_or_null(in, out.emplace_back(key, T{}).second)) return false;
  }
  return !in.failed() && (!has_repeated_key(out) || in.fail("a name stands twice in one object"));
}

bool read_raw(JsonScanner& in, std::string& out) {
  std::string_view source;
  if (!in.skip(source)) return false;
  out = schema::minified(source);
  return true;
}

bool read_presence(JsonScanner& in, bool& out) {
  out = in.next_type() != Type::null;
  return in.skip();
}

template <class M, class T>
bool read_field(JsonScanner& in, const Field<M, T>& field, T& out) {
  if constexpr (kIsMap<T>) {
    return read_map(in, out);
  } else {
    if constexpr (std::is_same_v<T, std::string>) {
      if (field.form == FieldForm::raw) return read_raw(in, out);
    }
    if constexpr (std::is_same_v<T, bool>) {
      if (field.form == FieldForm::presence) return read_presence(in, out);
    }
    return read_or_null(in, out);
  }
}

// Notes that the member of that bit is read.
bool first_time(JsonScanner& in, std::uint32_t& seen, std::uint32_t bit) {
  if (seen & bit) return in.fail("a name stands twice in one object");
  seen |= bit;
  return true;
}

template <class M>
bool read_object(JsonScanner& in, M& out) {
  if (!in.open_object()) return false;
  std::uint32_t seen = 0;
  std::string key;
  while (in.next_member(key)) {
    const auto is_named = [&](const auto& field) { return field.name == key; };
    const auto read = [&](const auto& field, std::uint32_t bit) {
      if (first_time(in, seen, bit)) read_field(in, field, out.*(field.member));
    };
    if (!find_field<M>(is_named, read)) in.skip();
  }
  return !in.failed();
}

// The member of a command called `key`.
bool read_command_member(JsonScanner& in, std::string_view key, Command& out, std::uint32_t& seen) {
  constexpr std::uint32_t kIdBit = 1u << 31;
  if (key == "id") return first_time(in, seen, kIdBit) && read_or_null(in, out.id);
  const auto is_named = [&](const Method& method) { return method.name == key; };
  const auto read = [&]<class M>(std::in_place_type_t<M>, std::uint32_t bit) {
    if (!first_time(in, seen, bit)) return;
    if (in.next_type() == Type::null || !std::holds_alternative<std::monostate>(out.method)) {
      in.skip();  // not there, or not the first
    } else {
      read_object(in, out.method.emplace<M>());
    }
  };
  if (!find_method(is_named, read)) in.skip();
  return !in.failed();
}

bool read_command_object(JsonScanner& in, Command& out) {
  if (!in.open_object()) return false;
  std::uint32_t seen = 0;
  std::string key;
  while (in.next_member(key)) {
    if (!read_command_member(in, key, out, seen)) return false;
  }
  return !in.failed();
}

Error fault_of(const JsonScanner& in) { return Error(Errc::invalid, in.fault()); }

}  // namespace

Result<Command> read_command(std::string_view object) {
  JsonScanner in(object);
  Command command;
  if (!read_command_object(in, command)) return fault_of(in);
  if (!in.at_end()) return Error(Errc::invalid, "more than one JSON value in a line");
  return command;
}

Result<EmulationRequest> read_emulation_request(std::string_view body) {
  JsonScanner in(body);
  EmulationRequest request;
  if (!read_object(in, request)) return fault_of(in);
  if (!in.at_end()) return Error(Errc::invalid, "more than one JSON value");
  return request;
}

}  // namespace chat::centrifuge::json
