// Who is at the other end: an IP address and port as a plain value.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chat::transport {

struct PeerAddress {
  // Network order; an IPv4 address is stored IPv4-mapped (::ffff:a.b.c.d), so that both spellings are one.
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;

  auto operator<=>(const PeerAddress&) const = default;
  bool is_v4() const noexcept;
  bool is_loopback() const noexcept;
  std::string ip_text() const;  // "192.0.2.1", "2001:db8::1"
  std::string text() const;     // "192.0.2.1:80", "[2001:db8::1]:80"

  // What limits count by: a whole IPv4 address, the /64 of an IPv6 one. Equal keys = one customer.
  std::array<std::uint8_t, 16> limit_key() const noexcept;

  static std::optional<PeerAddress> parse_ip(std::string_view text, std::uint16_t port = 0);
  // Unspecified address for families other than IP.
  static PeerAddress from(const sockaddr* address) noexcept;
};

}  // namespace chat::transport
