// One request over HTTP on its way to its answer.
#pragma once

#include "base/ip_address.hpp"
#include "chat/sessions.hpp"
#include "schema/schema.hpp"
#include "transport/http_types.hpp"

#include <optional>
#include <span>
#include <string>

namespace chat::api {

// Of the caller, as limits count it (IpAddress::limit_key): behind trusted proxies, who they say it is.
std::string caller_address(const transport::HttpRequest& request, std::span<const IpNetwork> trusted_proxies);

// Lives until its answer is made.
struct Exchange {
  transport::HttpRequest request;
  schema::Pairs path;              // the parameters, decoded
  std::optional<Session> session;  // exactly on operations with Auth::bearer
  std::span<const IpNetwork> trusted_proxies;

  std::string address() const { return caller_address(request, trusted_proxies); }
};

}  // namespace chat::api
