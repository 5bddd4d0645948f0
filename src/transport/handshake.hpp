// The WebSocket opening handshake (RFC 6455, 4.2) and the heads of answers. Pure.
#pragma once

#include "transport/http_types.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chat::transport {

// 0, or the status to refuse a request with that asks for a WebSocket: 400, 405 or 426.
int check_handshake(const HttpRequest& request) noexcept;

// Sec-WebSocket-Accept for a key.
std::string accept_key(std::string_view key);

// The 101 answer.
std::string handshake_answer(const HttpRequest& request, std::string_view subprotocol, std::string_view server_name,
                             std::string_view date, const std::vector<std::pair<std::string, std::string>>& more);

struct AnswerTraits {
  std::string_view server_name;
  std::string_view date;
  std::string_view request_id;
  bool close = false;
  bool old_version = false;  // HTTP/1.0: keeping the connection must be said
};

// Status line and fields, up to the empty line. Control characters in field values become blanks: no handler can be
// talked into a second answer.
void append_answer_head(std::string& out, const HttpResponse& response, const AnswerTraits& traits);

}  // namespace chat::transport
