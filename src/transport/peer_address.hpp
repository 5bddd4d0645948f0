// Who is at the other end: an IP address and port as a plain value.
#pragma once

#include "base/ip_address.hpp"

#include <sys/socket.h>

#include <compare>
#include <cstdint>
#include <string>

namespace chat::transport {

struct PeerAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  auto operator<=>(const PeerAddress&) const = default;
  std::string text() const;  // "192.0.2.1:80", "[2001:db8::1]:80"

  // Unspecified address for families other than IP.
  static PeerAddress from(const sockaddr* address) noexcept;
};

}  // namespace chat::transport
