// Several described structs as one JSON object: what REST takes apart into path, query and body, rpc takes whole.
//
//   auto in = parse_json<Joined<RoomPath, PageQuery>>(R"({"room_id":"...","page":2})");
//   in->get<1>().page.value;
//
// The members are those of all parts, in their order. A name that stands in two parts does not compile.
#pragma once

#include "schema/describe.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace chat::schema {

// Whether no two of the parts have a member of the same name.
template <DescribedStruct... Parts>
constexpr bool have_distinct_names() {
  std::array<std::string_view, (detail::kFields<Parts>.size() + ... + 0)> names;
  std::size_t size = 0;
  bool distinct = true;
  [[maybe_unused]] const auto take = [&](const auto& fields) {
    for (const FieldInfo& field : fields) {
      for (std::size_t i = 0; i < size; ++i) distinct = distinct && names[i] != field.name;
      names[size++] = field.name;
    }
  };
  (take(detail::kFields<Parts>), ...);
  return distinct;
}

template <DescribedStruct... Parts>
struct Joined {
  static_assert(have_distinct_names<Parts...>(), "a name stands in two parts");
  std::tuple<Parts...> parts;

  template <std::size_t I>
  auto& get() noexcept {
    return std::get<I>(parts);
  }
};

namespace detail {

template <class J, std::size_t Part>
using PartOf = std::tuple_element_t<Part, decltype(J::parts)>;

template <class J, std::size_t Part, std::size_t Field>
void* joined_member_at(void* object) {
  return kFields<PartOf<J, Part>>[Field].at(&static_cast<J*>(object)->template get<Part>());
}

template <class J, std::size_t Part, class Out, std::size_t... Field>
constexpr void add_part(Out& out, std::size_t& size, std::index_sequence<Field...>) {
  ((out[size++] = FieldInfo{kFields<PartOf<J, Part>>[Field].name, &joined_member_at<J, Part, Field>,
                            kFields<PartOf<J, Part>>[Field].type}),
   ...);
}

template <class J, std::size_t... Part>
constexpr auto make_joined_fields(std::index_sequence<Part...>) {
  std::array<FieldInfo, (kFields<PartOf<J, Part>>.size() + ... + 0)> out{};
  [[maybe_unused]] std::size_t size = 0;
  (add_part<J, Part>(out, size, std::make_index_sequence<kFields<PartOf<J, Part>>.size()>{}), ...);
  return out;
}

template <class J>
inline constexpr auto kJoinedFields =
    make_joined_fields<J>(std::make_index_sequence<std::tuple_size_v<decltype(J::parts)>>{});

template <class J>
inline constexpr ObjectInfo kJoinedObject{{}, kJoinedFields<J>.data(), kJoinedFields<J>.size(), {}, {}, nullptr, 0};

// {"allOf":[...]} of the parts that have members; one alone stands for itself.
template <class... Parts>
void joined_schema(std::string& out, SchemaSet& set) {
  std::string list;
  std::size_t size = 0;
  [[maybe_unused]] const auto add = [&]<class Part>(const Part*) {
    if (kFields<Part>.empty()) return;
    if (size++ > 0) list += ',';
    kOps<Part>.schema(list, set);
  };
  (add(static_cast<const Parts*>(nullptr)), ...);
  if (size == 0) {
    out += R"({"type":"object"})";
  } else {
    out += size == 1 ? list : R"({"allOf":[)" + list + "]}";
  }
}

}  // namespace detail

template <class... Parts>
struct Codec<Joined<Parts...>> {
  using J = Joined<Parts...>;
  static_assert(detail::kJoinedFields<J>.size() <= 64, "the parser keeps 64 flags an object");

  static constexpr TypeOps ops() {
    TypeOps ops;
    ops.kind = TypeOps::Kind::object;
    ops.object = &detail::kJoinedObject<J>;
    ops.write = [](std::string& out, const void* value) { detail::write_object(out, detail::kJoinedObject<J>, value); };
    ops.schema = [](std::string& out, SchemaSet& set) { detail::joined_schema<Parts...>(out, set); };
    return ops;
  }
};

}  // namespace chat::schema
