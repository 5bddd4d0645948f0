#include "transport/handshake.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace chat::transport {

namespace {

// 16 bytes are 22 characters and two signs of padding.
bool valid_key(std::string_view key) noexcept {
  const auto base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  return key.size() == 24 && key.substr(22) == "==" && std::all_of(key.begin(), key.begin() + 22, base64);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back((byte < ' ' && c != '\t') || byte == 0x7F ? ' ' : c);
  }
  out.append("\r\n");
}

}  // namespace

int check_handshake(const HttpRequest& request) noexcept {
  if (request.method != Method::get) return 405;
  const HttpHeaders& headers = request.headers;
  if (headers.count("sec-websocket-version") != 1 || *headers.find("sec-websocket-version") != "13") return 426;
  if (headers.count("sec-websocket-key") != 1 || !valid_key(*headers.find("sec-websocket-key"))) return 400;
  return 0;
}

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[20];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  unsigned char encoded[29];
  EVP_EncodeBlock(encoded, digest, sizeof digest);
  return {reinterpret_cast<const char*>(encoded), 28};
}

std::string handshake_answer(const HttpRequest& request, std::string_view subprotocol, std::string_view server_name,
                             std::string_view date, const std::vector<std::pair<std::string, std::string>>& more) {
  std::string out = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  append_field(out, "Sec-WebSocket-Accept", accept_key(*request.headers.find("sec-websocket-key")));
  if (!subprotocol.empty()) append_field(out, "Sec-WebSocket-Protocol", subprotocol);
  append_field(out, "Server", server_name);
  append_field(out, "Date", date);
  append_field(out, "X-Content-Type-Options", "nosniff");
  append_field(out, "X-Request-Id", request.request_id);
  for (const auto& [name, value] : more) append_field(out, name, value);
  out.append("\r\n");
  return out;
}

void append_answer_head(std::string& out, const HttpResponse& response, const AnswerTraits& traits) {
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  append_field(out, "Server", traits.server_name);
  append_field(out, "Date", traits.date);
  append_field(out, "X-Content-Type-Options", "nosniff");
  if (!traits.request_id.empty()) append_field(out, "X-Request-Id", traits.request_id);
  if (!response.content_type.empty()) append_field(out, "Content-Type", response.content_type);
  // RFC 9110, 8.6: none in a 204; in a 304 it would speak of the 200 that was not sent.
  if (response.stream) {
    append_field(out, "Transfer-Encoding", "chunked");
  } else if (response.status != 204 && response.status != 304) {
    append_field(out, "Content-Length", std::to_string(response.content().size()));
  }
  if (response.no_store) append_field(out, "Cache-Control", "no-store");
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  if (traits.close) {
    append_field(out, "Connection", "close");
  } else if (traits.old_version) {
    append_field(out, "Connection", "keep-alive");
  }
  out.append("\r\n");
}

}  // namespace chat::transport
