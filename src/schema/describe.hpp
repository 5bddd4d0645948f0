// Codec of structs and enums described with Boost.Describe.
//
//   struct RoomIn {
//     Name name;
//     std::optional<Text<0, 4000>> description;
//     static constexpr std::string_view kDescription = "What a new room is called.";
//     static constexpr FieldDoc kDocs[] = {{"name", "Shown to everybody.", "\"Lobby\""}};
//   };
//   BOOST_DESCRIBE_STRUCT(RoomIn, (), (name, description))
//
// Members stand on the wire in the order of the description, bases first. A trailing underscore is dropped from a name
// (`default_`). Optional static members: kName (the component's name; the struct's own otherwise), kTitle,
// kDescription, kDocs.
#pragma once

#include "schema/codec.hpp"

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>

#include <array>
#include <concepts>
#include <string_view>
#include <type_traits>

namespace chat::schema {

template <class T>
concept DescribedStruct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;
template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

namespace detail {

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T>
constexpr std::string_view pretty_name() {
  return __PRETTY_FUNCTION__;
}

// "RoomIn" of chat::api::RoomIn, from the compiler's own spelling of this function: "... [with T = chat::api::RoomIn;
// ...]".
template <class T>
constexpr std::string_view type_name() {
  if constexpr (requires { T::kName; }) {
    return T::kName;
  } else {
    std::string_view s = pretty_name<T>();
    s.remove_prefix(s.find("T = ") + 4);
    s = s.substr(0, s.find_first_of(";]"));
    const auto colon = s.rfind(':');
    return colon == std::string_view::npos ? s : s.substr(colon + 1);
  }
}

template <class T, auto Pointer>
void* member_at(void* object) {
  return &(static_cast<T*>(object)->*Pointer);
}

constexpr std::string_view wire_name(const char* name) {
  std::string_view s(name);
  if (s.ends_with('_')) s.remove_suffix(1);
  return s;
}

template <class T, class... D>
constexpr std::array<FieldInfo, sizeof...(D)> make_fields(boost::mp11::mp_list<D...>) {
  return {FieldInfo{wire_name(D::name), &member_at<T, D::pointer>,
                    &kOps<std::remove_cvref_t<decltype(std::declval<T&>().*D::pointer)>>}...};
}

template <class T>
inline constexpr auto kFields = make_fields<T>(boost::mp11::mp_rename<Members<T>, boost::mp11::mp_list>{});

template <class T>
constexpr ObjectInfo make_object_info() {
  ObjectInfo info{type_name<T>(), kFields<T>.data(), kFields<T>.size(), {}, {}, nullptr, 0};
  static_assert(kFields<T>.size() <= 64, "the parser keeps 64 flags an object");
  if constexpr (requires { T::kTitle; }) info.title = T::kTitle;
  if constexpr (requires { T::kDescription; }) info.description = T::kDescription;
  if constexpr (requires { T::kDocs; }) {
    info.docs = std::data(T::kDocs);
    info.docs_size = std::size(T::kDocs);
  }
  return info;
}

template <class T>
inline constexpr ObjectInfo kObject = make_object_info<T>();

// Shared by all structs; compiled once.
void write_object(std::string& out, const ObjectInfo& object, const void* value);
void object_schema(std::string& out, SchemaSet& set, const ObjectInfo& object, const void* defaults);

template <class E, class... D>
constexpr std::array<std::string_view, sizeof...(D)> enum_names(boost::mp11::mp_list<D...>) {
  return {wire_name(D::name)...};
}
template <class E, class... D>
constexpr std::array<E, sizeof...(D)> enum_values(boost::mp11::mp_list<D...>) {
  return {D::value...};
}

}  // namespace detail

template <DescribedStruct T>
struct Codec<T> {
  static constexpr TypeOps ops() {
    TypeOps ops;
    ops.kind = TypeOps::Kind::object;
    ops.object = &detail::kObject<T>;
    ops.write = [](std::string& out, const void* value) { detail::write_object(out, detail::kObject<T>, value); };
    ops.schema = [](std::string& out, SchemaSet& set) {
      const T defaults{};
      detail::object_schema(out, set, detail::kObject<T>, &defaults);
    };
    return ops;
  }
};

// By the names of its enumerators.
template <DescribedEnum E>
struct Codec<E> : detail::ScalarCodec<E> {
  using List = boost::mp11::mp_rename<boost::describe::describe_enumerators<E>, boost::mp11::mp_list>;
  static constexpr auto kNames = detail::enum_names<E>(List{});
  static constexpr auto kValues = detail::enum_values<E>(List{});

  static bool read(E& out, const Scalar& in, Issue& issue) {
    std::size_t choice = 0;
    if (!read_choice(choice, in, kNames.data(), kNames.size(), issue)) return false;
    out = kValues[choice];
    return true;
  }
  static void write(std::string& out, E v) {
    for (std::size_t i = 0; i < kValues.size(); ++i) {
      if (kValues[i] == v) return append_json_string(out, kNames[i]);
    }
    out += "null";
  }
  static void schema(std::string& out) { choice_schema(out, kNames.data(), kNames.size()); }
};

}  // namespace chat::schema
