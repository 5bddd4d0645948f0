// Field types that carry their constraint, as pydantic's Annotated does. Each holds a plain `value` and is checked only
// when it is read from outside: code may put anything in.
#pragma once

#include "base/casefold.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace chat::schema {

namespace detail {
// A string with a meaning. Compares and converts as its `value`.
struct StringValue {
  std::string value;

  StringValue() = default;
  StringValue(std::string v) : value(std::move(v)) {}
  StringValue(std::string_view v) : value(v) {}
  StringValue(const char* v) : value(v) {}
  operator const std::string&() const noexcept { return value; }
  bool operator==(const StringValue&) const = default;
};
}  // namespace detail

// Text of Min..Max code points, never trimmed or changed.
template <std::size_t Min, std::size_t Max>
struct Text : detail::StringValue {
  static_assert(Min <= Max);
  using StringValue::StringValue;
};

// Text of Min..Max code points of which at least one can be seen: names.
template <std::size_t Min, std::size_t Max>
struct VisibleText : detail::StringValue {
  static_assert(1 <= Min && Min <= Max);
  using StringValue::StringValue;
};
using Name = VisibleText<1, 200>;

// Text of Min..Max *bytes* of UTF-8: keys that a column or an index bounds.
template <std::size_t Min, std::size_t Max>
struct ByteText : detail::StringValue {
  static_assert(Min <= Max);
  using StringValue::StringValue;
};

// Min..Max *bytes* that are never echoed: no fault has them as `input`, and they are written as asterisks.
template <std::size_t Min, std::size_t Max>
struct Secret : detail::StringValue {
  static_assert(Min <= Max);
  using StringValue::StringValue;
};

// An e-mail address, trimmed of white space around it and otherwise as it was sent (schema/email.hpp has the rules).
struct Email : detail::StringValue {
  using StringValue::StringValue;
  // What is compared: the whole address, case-folded.
  std::string folded() const { return casefold(value); }
};

// Opaque JSON: checked, without white space between its tokens, otherwise its own bytes; at most MaxBytes of them.
// An empty `text` is written as null.
template <std::size_t MaxBytes>
struct RawJsonOf {
  std::string text;
  bool operator==(const RawJsonOf&) const = default;
};
using RawJson = RawJsonOf<64 << 10>;

template <std::int64_t Min, std::int64_t Max>
struct Int {
  static_assert(Min <= Max);
  std::int64_t value = Min > 0 ? Min : (Max < 0 ? Max : 0);

  Int() = default;
  constexpr Int(std::int64_t v) : value(v) {}
  constexpr operator std::int64_t() const noexcept { return value; }
};
template <std::int64_t Min>
using IntFrom = Int<Min, std::numeric_limits<std::int64_t>::max()>;

// A string known at compile time, as a template argument.
template <std::size_t N>
struct Fixed {
  char text[N]{};
  constexpr Fixed(const char (&s)[N]) { std::copy_n(s, N, text); }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

// Always this one string: "token_type": "bearer". Anything else is a `literal_error`.
template <Fixed Only>
struct Literal {
  static constexpr std::string_view value = Only.view();
  bool operator==(const Literal&) const = default;
};

// This one string, with the fault that FastAPI's OAuth2 form has (`string_pattern_mismatch`): "grant_type".
template <Fixed Only>
struct Exactly {
  static constexpr std::string_view value = Only.view();
  bool operator==(const Exactly&) const = default;
};

// A field that may be absent from the input and then keeps its member initialiser; null is not absent.
//   Defaulted<IntFrom<1>> page = 1;
template <class T>
struct Defaulted {
  T value{};

  Defaulted() = default;
  template <class U>
  requires std::is_convertible_v<U&&, T>
  constexpr Defaulted(U&& v) : value(std::forward<U>(v)) {}
  constexpr operator const T&() const noexcept { return value; }
  constexpr const T& operator*() const noexcept { return value; }
  constexpr const T* operator->() const noexcept { return &value; }
  bool operator==(const Defaulted&) const = default;
};

// A field that is left out of the JSON when it is empty, and may be absent (not null) from the input.
// std::optional, in contrast, is written as null, and reads null and absence alike.
template <class T>
struct Maybe : std::optional<T> {
  Maybe() = default;
  Maybe(std::nullopt_t) {}
  Maybe(std::optional<T> v) : std::optional<T>(std::move(v)) {}
  template <class U>
  requires(std::is_convertible_v<U&&, T> && !std::is_base_of_v<std::optional<T>, std::remove_cvref_t<U>>) Maybe(U&& v)
      : std::optional<T>(std::in_place, std::forward<U>(v)) {}

  friend bool operator==(const Maybe& a, const Maybe& b) {
    return static_cast<const std::optional<T>&>(a) == static_cast<const std::optional<T>&>(b);
  }
};

}  // namespace chat::schema
