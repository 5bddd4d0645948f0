// Codec<T>: how a C++ type is read, written and described. Specialised here for every field type; described structs and
// enums (Boost.Describe) come from schema/describe.hpp.
#pragma once

#include "base/ids.hpp"
#include "base/json_text.hpp"
#include "base/time.hpp"
#include "schema/json_schema.hpp"
#include "schema/scalars.hpp"
#include "schema/type_ops.hpp"
#include "schema/types.hpp"

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace chat::schema {

template <class T>
struct Codec;  // a type without one cannot be a field

template <class T>
inline constexpr TypeOps kOps = Codec<T>::ops();

namespace detail {

template <class T>
T& as(void* p) noexcept {
  return *static_cast<T*>(p);
}
template <class T>
const T& as(const void* p) noexcept {
  return *static_cast<const T*>(p);
}

// The table of a scalar type from its three functions.
template <class T, class C>
constexpr TypeOps scalar_ops() {
  TypeOps ops;
  ops.read = [](void* target, const Scalar& in, Issue& issue) { return C::read(as<T>(target), in, issue); };
  ops.write = [](std::string& out, const void* value) { C::write(out, as<T>(value)); };
  ops.schema = [](std::string& out, SchemaSet&) { C::schema(out); };
  return ops;
}

template <class T>
struct ScalarCodec {
  static constexpr TypeOps ops() { return scalar_ops<T, Codec<T>>(); }
};

template <class T>
struct StringCodec : ScalarCodec<T> {
  static bool read(T& out, const Scalar& in, Issue& issue) { return read_text(out.value, in, Codec<T>::kRule, issue); }
  static void write(std::string& out, const T& v) { append_json_string(out, v.value); }
  static void schema(std::string& out) { text_schema(out, Codec<T>::kRule); }
};

}  // namespace detail

template <>
struct Codec<std::string> : detail::ScalarCodec<std::string> {
  static bool read(std::string& out, const Scalar& in, Issue& issue) { return read_text(out, in, {}, issue); }
  static void write(std::string& out, const std::string& v) { append_json_string(out, v); }
  static void schema(std::string& out) { text_schema(out, {}); }
};

template <std::size_t Min, std::size_t Max>
struct Codec<Text<Min, Max>> : detail::StringCodec<Text<Min, Max>> {
  static constexpr TextRule kRule{Min, Max};
};

template <std::size_t Min, std::size_t Max>
struct Codec<VisibleText<Min, Max>> : detail::StringCodec<VisibleText<Min, Max>> {
  static constexpr TextRule kRule{Min, Max, LengthUnit::characters, true};
};

template <std::size_t Min, std::size_t Max>
struct Codec<ByteText<Min, Max>> : detail::StringCodec<ByteText<Min, Max>> {
  static constexpr TextRule kRule{Min, Max, LengthUnit::bytes};
};

template <>
struct Codec<Email> : detail::ScalarCodec<Email> {
  static bool read(Email& out, const Scalar& in, Issue& issue) { return read_email(out.value, in, issue); }
  static void write(std::string& out, const Email& v) { append_json_string(out, v.value); }
  static void schema(std::string& out) { text_schema(out, {}, "email"); }
};

template <std::size_t Min, std::size_t Max>
struct Codec<Secret<Min, Max>> {
  static constexpr TextRule kRule{Min, Max, LengthUnit::bytes};
  static constexpr TypeOps ops() {
    TypeOps ops;
    ops.secret = true;
    ops.read = [](void* target, const Scalar& in, Issue& issue) {
      return read_secret(detail::as<Secret<Min, Max>>(target).value, in, kRule, issue);
    };
    ops.write = [](std::string& out, const void*) { out += R"("**********")"; };  // as pydantic shows a SecretStr
    ops.schema = [](std::string& out, SchemaSet&) { text_schema(out, kRule, "password"); };
    return ops;
  }
};

template <>
struct Codec<bool> : detail::ScalarCodec<bool> {
  static bool read(bool& out, const Scalar& in, Issue& issue) { return read_bool(out, in, issue); }
  static void write(std::string& out, bool v) { out += v ? "true" : "false"; }
  static void schema(std::string& out) { out += R"({"type":"boolean"})"; }
};

template <>
struct Codec<std::int64_t> : detail::ScalarCodec<std::int64_t> {
  using Limits = std::numeric_limits<std::int64_t>;
  static bool read(std::int64_t& out, const Scalar& in, Issue& issue) {
    return read_int(out, in, Limits::min(), Limits::max(), issue);
  }
  static void write(std::string& out, std::int64_t v) { append_json_int(out, v); }
  static void schema(std::string& out) { int_schema(out, Limits::min(), Limits::max()); }
};

template <std::int64_t Min, std::int64_t Max>
struct Codec<Int<Min, Max>> : detail::ScalarCodec<Int<Min, Max>> {
  static bool read(Int<Min, Max>& out, const Scalar& in, Issue& issue) {
    return read_int(out.value, in, Min, Max, issue);
  }
  static void write(std::string& out, Int<Min, Max> v) { append_json_int(out, v.value); }
  static void schema(std::string& out) { int_schema(out, Min, Max); }
};

template <class Tag>
struct Codec<StrongInt<Tag>> : detail::ScalarCodec<StrongInt<Tag>> {
  static bool read(StrongInt<Tag>& out, const Scalar& in, Issue& issue) {
    return Codec<std::int64_t>::read(out.value, in, issue);
  }
  static void write(std::string& out, StrongInt<Tag> v) { append_json_int(out, v.value); }
  static void schema(std::string& out) { Codec<std::int64_t>::schema(out); }
};

template <>
struct Codec<double> : detail::ScalarCodec<double> {
  static bool read(double& out, const Scalar& in, Issue& issue) { return read_double(out, in, issue); }
  static void write(std::string& out, double v) { append_json_double(out, v); }
  static void schema(std::string& out) { out += R"({"type":"number"})"; }
};

template <>
struct Codec<Uuid> : detail::ScalarCodec<Uuid> {
  static bool read(Uuid& out, const Scalar& in, Issue& issue) { return read_uuid(out, in, issue); }
  static void write(std::string& out, const Uuid& v) { append_json_string(out, v.str()); }
  static void schema(std::string& out) { out += R"({"type":"string","format":"uuid"})"; }
};

template <class Tag>
struct Codec<StrongId<Tag>> : detail::ScalarCodec<StrongId<Tag>> {
  static bool read(StrongId<Tag>& out, const Scalar& in, Issue& issue) { return read_uuid(out.value, in, issue); }
  static void write(std::string& out, const StrongId<Tag>& v) { Codec<Uuid>::write(out, v.value); }
  static void schema(std::string& out) { Codec<Uuid>::schema(out); }
};

template <>
struct Codec<Timestamp> : detail::ScalarCodec<Timestamp> {
  static bool read(Timestamp& out, const Scalar& in, Issue& issue) { return read_timestamp(out, in, issue); }
  static void write(std::string& out, Timestamp v) { append_json_string(out, to_rfc3339(v)); }
  static void schema(std::string& out) { out += R"({"type":"string","format":"date-time"})"; }
};

template <Fixed Only>
struct Codec<Literal<Only>> : detail::ScalarCodec<Literal<Only>> {
  static constexpr std::string_view kChoices[] = {Literal<Only>::value};
  static bool read(Literal<Only>&, const Scalar& in, Issue& issue) {
    std::size_t choice = 0;
    return read_choice(choice, in, kChoices, 1, issue);
  }
  static void write(std::string& out, const Literal<Only>&) { append_json_string(out, Literal<Only>::value); }
  static void schema(std::string& out) { choice_schema(out, kChoices, 1); }
};

template <Fixed Only>
struct Codec<Exactly<Only>> : detail::ScalarCodec<Exactly<Only>> {
  static constexpr std::string_view kChoices[] = {Exactly<Only>::value};
  static bool read(Exactly<Only>&, const Scalar& in, Issue& issue) {
    return check_exactly(Exactly<Only>::value, in, issue);
  }
  static void write(std::string& out, const Exactly<Only>&) { append_json_string(out, Exactly<Only>::value); }
  static void schema(std::string& out) { choice_schema(out, kChoices, 1); }
};

template <std::size_t MaxBytes>
struct Codec<RawJsonOf<MaxBytes>> {
  static constexpr TypeOps ops() {
    TypeOps ops;
    ops.kind = TypeOps::Kind::raw;
    ops.max_bytes = MaxBytes;
    ops.store = [](void* target, std::string&& json) {
      detail::as<RawJsonOf<MaxBytes>>(target).text = std::move(json);
    };
    ops.write = [](std::string& out, const void* value) {
      const auto& text = detail::as<RawJsonOf<MaxBytes>>(value).text;
      out += text.empty() ? std::string_view("null") : std::string_view(text);
    };
    ops.schema = [](std::string& out, SchemaSet&) { out += "{}"; };
    return ops;
  }
};

template <class T>
struct Codec<std::vector<T>> {
  using V = std::vector<T>;
  static constexpr TypeOps ops() {
    TypeOps ops;
    ops.kind = TypeOps::Kind::array;
    ops.inner = &kOps<T>;
    ops.open = [](void* target) -> void* { return &detail::as<V>(target).emplace_back(); };
    ops.clear = [](void* target) { detail::as<V>(target).clear(); };
    ops.write = [](std::string& out, const void* value) {
      out += '[';
      bool first = true;
      for (const T& item : detail::as<V>(value)) {
        if (!first) out += ',';
        first = false;
        kOps<T>.write(out, &item);
      }
      out += ']';
    };
    ops.schema = [](std::string& out, SchemaSet& set) {
      out += R"({"type":"array","items":)";
      kOps<T>.schema(out, set);
      out += '}';
    };
    return ops;
  }
};

template <class T>
struct Codec<std::optional<T>> {
  using O = std::optional<T>;
  static constexpr TypeOps ops() {
    TypeOps ops;
    ops.kind = TypeOps::Kind::wrapper;
    ops.required = false;
    ops.nullable = true;
    ops.inner = &kOps<T>;
    ops.open = [](void* target) -> void* { return &detail::as<O>(target).emplace(); };
    ops.clear = [](void* target) { detail::as<O>(target).reset(); };
    ops.write = [](std::string& out, const void* value) {
      const auto& v = detail::as<O>(value);
      if (v) {
        kOps<T>.write(out, &*v);
      } else {
        out += "null";
      }
    };
    ops.schema = [](std::string& out, SchemaSet& set) {
      out += R"({"anyOf":[)";
      kOps<T>.schema(out, set);
      out += R"(,{"type":"null"}]})";
    };
    return ops;
  }
};

template <class T>
struct Codec<Maybe<T>> {
  using M = Maybe<T>;
  static constexpr TypeOps ops() {
    TypeOps ops = Codec<std::optional<T>>::ops();
    ops.nullable = false;
    ops.open = [](void* target) -> void* { return &detail::as<M>(target).emplace(); };
    ops.clear = [](void* target) { detail::as<M>(target).reset(); };
    ops.write = [](std::string& out, const void* value) {
      Codec<std::optional<T>>::ops().write(out, &static_cast<const std::optional<T>&>(detail::as<M>(value)));
    };
    ops.omit = [](const void* value) { return !detail::as<M>(value).has_value(); };
    ops.schema = [](std::string& out, SchemaSet& set) { kOps<T>.schema(out, set); };
    return ops;
  }
};

template <class T>
struct Codec<Defaulted<T>> {
  using D = Defaulted<T>;
  static constexpr TypeOps ops() {
    TypeOps ops;
    ops.kind = TypeOps::Kind::wrapper;
    ops.required = false;
    ops.inner = &kOps<T>;
    ops.open = [](void* target) -> void* { return &detail::as<D>(target).value; };
    ops.clear = [](void*) {};
    ops.write = [](std::string& out, const void* value) { kOps<T>.write(out, &detail::as<D>(value).value); };
    ops.schema = [](std::string& out, SchemaSet& set) { kOps<T>.schema(out, set); };
    return ops;
  }
};

}  // namespace chat::schema
