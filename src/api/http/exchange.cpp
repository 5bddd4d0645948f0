#include "api/http/exchange.hpp"

namespace chat::api {

std::string caller_address(const transport::HttpRequest& request, std::span<const IpNetwork> trusted_proxies) {
  std::string forwarded;
  if (!trusted_proxies.empty()) {
    for (const auto hop : request.headers.tokens("x-forwarded-for")) {
      if (!forwarded.empty()) forwarded += ", ";
      forwarded += hop;
    }
  }
  return client_address(request.peer.ip, forwarded, trusted_proxies).limit_key();
}

}  // namespace chat::api
