#include "transport/peer_address.hpp"

#include <netinet/in.h>

#include <cstring>

namespace chat::transport {

std::string PeerAddress::text() const {
  const std::string host = ip.is_v4() ? ip.str() : "[" + ip.str() + "]";
  return host + ":" + std::to_string(port);
}

PeerAddress PeerAddress::from(const sockaddr* address) noexcept {
  PeerAddress out;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    out.ip.bytes[10] = out.ip.bytes[11] = 0xFF;  // IPv4-mapped
    std::memcpy(out.ip.bytes.data() + 12, &v4.sin_addr, 4);
    out.port = ntohs(v4.sin_port);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(out.ip.bytes.data(), &v6.sin6_addr, 16);
    out.port = ntohs(v6.sin6_port);
  }
  return out;
}

}  // namespace chat::transport
