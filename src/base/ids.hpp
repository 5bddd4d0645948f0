// Identifiers that cannot be mixed up: 16-byte UUIDs and 64-bit numbers, each with a tag.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

// RFC 9562 UUID, in network byte order.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const noexcept { return *this == Uuid{}; }

  // 36 lower-case characters with dashes.
  std::string str() const;
  // 32 lower-case characters, as SQLAlchemy stores a UUID in SQLite.
  std::string hex() const;

  // Takes what pydantic takes: any version, any case, with dashes or without (32 digits), in braces, or with
  // "urn:uuid:".
  static std::optional<Uuid> parse(std::string_view text) noexcept;

  // Version 7: 48 bits of Unix milliseconds, then a per-thread counter and random bits, so that ids made on one
  // thread grow strictly. Thread-safe.
  static Uuid v7();
  // Version 4, from the kernel's random numbers.
  static Uuid v4();
};

template <class Tag>
struct StrongId {
  Uuid value;

  StrongId() = default;
  explicit StrongId(Uuid v) : value(v) {}
  auto operator<=>(const StrongId&) const = default;
  bool is_nil() const noexcept { return value.is_nil(); }
  std::string str() const { return value.str(); }
  static StrongId make() { return StrongId(Uuid::v7()); }
  static std::optional<StrongId> parse(std::string_view text) noexcept {
    auto u = Uuid::parse(text);
    return u ? std::optional<StrongId>(StrongId(*u)) : std::nullopt;
  }
};

template <class Tag>
struct StrongInt {
  std::int64_t value = 0;

  StrongInt() = default;
  constexpr explicit StrongInt(std::int64_t v) : value(v) {}
  auto operator<=>(const StrongInt&) const = default;
  StrongInt next() const { return StrongInt(value + 1); }
  StrongInt prev() const { return StrongInt(value - 1); }
};

}  // namespace chat

template <>
struct std::hash<chat::Uuid> {
  std::size_t operator()(const chat::Uuid& u) const noexcept {
    std::uint64_t a, b;
    std::memcpy(&a, u.bytes.data(), 8);
    std::memcpy(&b, u.bytes.data() + 8, 8);
    // The low half of every version is random; mixed, so that equal low bits in chosen ids do not pile up.
    std::uint64_t h = (a ^ (b * 0x9E3779B97F4A7C15ull));
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93ull;
    h ^= h >> 32;
    return static_cast<std::size_t>(h);
  }
};
template <class Tag>
struct std::hash<chat::StrongId<Tag>> {
  std::size_t operator()(const chat::StrongId<Tag>& id) const noexcept { return std::hash<chat::Uuid>{}(id.value); }
};
template <class Tag>
struct std::hash<chat::StrongInt<Tag>> {
  std::size_t operator()(const chat::StrongInt<Tag>& v) const noexcept { return std::hash<std::int64_t>{}(v.value); }
};
