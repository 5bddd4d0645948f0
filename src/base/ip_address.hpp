// Internet addresses as limits and proxy lists see them. Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

// IPv4 or IPv6; an IPv4-mapped IPv6 address (::ffff:1.2.3.4) *is* that IPv4 address.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // IPv4 as IPv4-mapped

  auto operator<=>(const IpAddress&) const = default;
  bool is_v4() const noexcept;
  std::string str() const;

  // What limits per address count by: an IPv4 address, or the /64 of an IPv6 address.
  std::string limit_key() const;

  // Without port, brackets or zone.
  static std::optional<IpAddress> parse(std::string_view text) noexcept;
};

struct IpNetwork {
  IpAddress base;
  int prefix = 128;  // of the 128 bits; an IPv4 network's own prefix + 96

  bool contains(const IpAddress& address) const noexcept;
  // "10.0.0.0/8", "fd00::/8", or an address alone. Bits behind the prefix must be zero.
  static std::optional<IpNetwork> parse(std::string_view text) noexcept;
};

// Who is asking: `peer`, or, when that is a listed proxy, the rightmost address of X-Forwarded-For that is none. What
// stands left of that one was written by the client and is never believed; a malformed entry ends the walk.
IpAddress client_address(const IpAddress& peer, std::string_view x_forwarded_for,
                         std::span<const IpNetwork> trusted_proxies);

}  // namespace chat
