// Which web pages may use the server (the Fetch standard's CORS protocol, and sockets by their Origin).
//
// An explicit token is not ambient, so by default any origin may connect with one; a list restricts requests and
// sockets alike. No Origin means no browser, and is allowed.
#pragma once

#include "transport/http_types.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace chat::api {

class Cors {
 public:
  // Lower-case origins ("https://chat.example.com"); empty: any.
  explicit Cors(std::vector<std::string> allowed_origins) : allowed_(std::move(allowed_origins)) {}

  // May a socket be opened by this request?
  bool allows(const transport::HttpRequest& request) const;

  // Adds to an answer what lets a page of an allowed origin read it.
  void decorate(const transport::HttpRequest& request, transport::HttpResponse& response) const;

  // Adds to the answer of OPTIONS what a preflight asks for. `allow`: the methods of the path.
  void answer_preflight(const transport::HttpRequest& request, std::string_view allow,
                        transport::HttpResponse& response) const;

 private:
  bool allows_origin(std::string_view origin) const;

  std::vector<std::string> allowed_;
};

}  // namespace chat::api
