// How the codecs go through the table of centrifuge_fields.hpp, and what they know of its types.
#pragma once

#include "protocol/centrifuge_fields.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace chat::centrifuge {
// ------------------------------------------------------------------------------------------------

template <class M>
inline constexpr auto kFields = fields_of<M>();

// Calls use(field, bit) for the first field of M that matches, `bit` being its own among M's; false: none does.
template <class M, class Match, class Use>
bool find_field(const Match& match, const Use& use) {
  static_assert(std::tuple_size_v<decltype(fields_of<M>())> <= 32);
  std::uint32_t bit = 1;
  const auto probe = [&](const auto& field) {
    if (match(field)) return use(field, bit), true;
    bit <<= 1;
    return false;
  };
  return std::apply([&](const auto&... field) { return (probe(field) || ...); }, kFields<M>);
}

// Calls use(std::in_place_type<M>, bit) for the command's method that matches; false: none does.
template <class Match, class Use>
bool find_method(const Match& match, const Use& use) {
  std::uint32_t bit = 1;
  const auto probe = [&]<class M>(std::in_place_type_t<M> type) {
    if (match(kMethod<M>)) return use(type, bit), true;
    bit <<= 1;
    return false;
  };
  const auto probe_all = [&]<class... M>(const std::variant<std::monostate, M...>*) {
    return (probe(std::in_place_type<M>) || ...);
  };
  return probe_all(static_cast<const decltype(Command::method)*>(nullptr));
}

// Zero values stand for themselves: they are left out. A message that is no optional is always there.
template <class T>
bool is_left_out(const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    return value == T{};
  } else if constexpr (requires { value.has_value(); }) {
    return !value.has_value();
  } else if constexpr (requires { value.empty(); }) {
    return value.empty();
  } else {
    return false;
  }
}

template <class T>
inline constexpr bool kIsMap = false;
template <class T>
inline constexpr bool kIsMap<std::vector<std::pair<std::string, T>>> = true;
template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = !kIsMap<std::vector<T>>;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// A client's map has a handful of entries; each costs more memory than bytes on the wire.
inline constexpr std::size_t kMaxMapEntries = 1024;

template <class T>
bool has_repeated_key(const Map<T>& map) {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

}  // namespace chat::centrifuge
