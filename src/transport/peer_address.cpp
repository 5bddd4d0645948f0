#include "transport/peer_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace chat::transport {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

bool PeerAddress::is_v4() const noexcept { return std::equal(kMapped.begin(), kMapped.end(), ip.begin()); }

bool PeerAddress::is_loopback() const noexcept {
  if (is_v4()) return ip[12] == 127;
  return std::all_of(ip.begin(), ip.end() - 1, [](std::uint8_t b) { return b == 0; }) && ip[15] == 1;
}

std::string PeerAddress::ip_text() const {
  char text[INET6_ADDRSTRLEN];
  if (is_v4()) return inet_ntop(AF_INET, ip.data() + 12, text, sizeof text);
  return inet_ntop(AF_INET6, ip.data(), text, sizeof text);
}

std::string PeerAddress::text() const {
  const std::string host = is_v4() ? ip_text() : "[" + ip_text() + "]";
  return host + ":" + std::to_string(port);
}

std::array<std::uint8_t, 16> PeerAddress::limit_key() const noexcept {
  auto key = ip;
  if (!is_v4()) std::fill(key.begin() + 8, key.end(), std::uint8_t{0});
  return key;
}

std::optional<PeerAddress> PeerAddress::parse_ip(std::string_view text, std::uint16_t port) {
  char copy[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof copy) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  PeerAddress address;
  address.port = port;
  if (inet_pton(AF_INET6, copy, address.ip.data()) == 1) return address;
  std::copy(kMapped.begin(), kMapped.end(), address.ip.begin());
  if (inet_pton(AF_INET, copy, address.ip.data() + 12) == 1) return address;
  return std::nullopt;
}

PeerAddress PeerAddress::from(const sockaddr* address) noexcept {
  PeerAddress out;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    std::copy(kMapped.begin(), kMapped.end(), out.ip.begin());
    std::memcpy(out.ip.data() + 12, &v4.sin_addr, 4);
    out.port = ntohs(v4.sin_port);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(out.ip.data(), &v6.sin6_addr, 16);
    out.port = ntohs(v6.sin6_port);
  }
  return out;
}

}  // namespace chat::transport
