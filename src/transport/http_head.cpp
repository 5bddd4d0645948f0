#include "transport/http_head.hpp"

#include "transport/peer_address.hpp"

#include <algorithm>

namespace chat::transport {

namespace {

constexpr int kFine = 0;
constexpr std::size_t kMaxMethodBytes = 32;
constexpr std::size_t kMaxEmptyLines = 2;  // RFC 9112, 2.2: some old clients send one after a body

bool is_digit(unsigned char c) noexcept { return c >= '0' && c <= '9'; }
bool is_alpha(unsigned char c) noexcept { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// RFC 3986, 3.2.3: it may be empty.
bool valid_port(std::string_view digits) noexcept {
  constexpr unsigned kHighest = 65535;
  unsigned port = 0;
  for (const char c : digits) {
    if (!is_digit(static_cast<unsigned char>(c))) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
    if (port > kHighest) return false;
  }
  return true;
}

}  // namespace

bool is_token_char(unsigned char c) noexcept {
  return is_digit(c) || is_alpha(c) ||
         (c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos);
}

int HeadScanner::feed(std::string_view bytes) noexcept {
  for (const char c : bytes) {
    if (complete()) break;
    if (++size_ - skipped_ > limits_->head_bytes) return 431;
    if (const int status = step(static_cast<unsigned char>(c))) return status;
  }
  return kFine;
}

int HeadScanner::step(unsigned char byte) noexcept {
  switch (state_) {
    case State::start:
    case State::start_lf:
    case State::method:
    case State::target:
      return step_request_line(byte);
    case State::version:
      return step_version(byte);
    case State::line_lf:
    case State::value_lf:
      if (byte != '\n') return 400;
      state_ = State::field_start;
      return kFine;
    case State::end_lf:
      if (byte != '\n') return 400;
      state_ = State::done;
      return kFine;
    default:
      return step_field(byte);
  }
}

int HeadScanner::step_request_line(unsigned char byte) noexcept {
  if (state_ == State::start && byte == '\r' && skipped_ < 2 * kMaxEmptyLines) {
    state_ = State::start_lf;
    return kFine;
  }
  if (state_ == State::start_lf) {
    if (byte != '\n') return 400;
    skipped_ = size_;
    state_ = State::start;
    return kFine;
  }
  if (state_ == State::target) {
    if (byte == ' ' && length_ != 0) {
      state_ = State::version;
      return kFine;
    }
    if (byte <= ' ' || byte >= 0x7F || byte == '#') return 400;
    return ++length_ > limits_->target_bytes ? 414 : kFine;
  }
  if (byte == ' ' && state_ == State::method) {
    state_ = State::target;
    length_ = 0;
    return kFine;
  }
  if (!is_token_char(byte) || ++length_ > kMaxMethodBytes) return 400;
  state_ = State::method;
  return kFine;
}

// "HTTP/1.0" or "HTTP/1.1", then CR.
int HeadScanner::step_version(unsigned char byte) noexcept {
  constexpr std::string_view kShape = "HTTP/0.0";
  if (version_bytes_ == kShape.size()) {
    if (byte != '\r') return 400;
    state_ = State::line_lf;
    return kFine;
  }
  const auto expected = static_cast<unsigned char>(kShape[version_bytes_]);
  if (expected == '0' ? !is_digit(byte) : byte != expected) return 400;
  if (version_bytes_ == 5 && byte != '1') return 505;
  if (version_bytes_ == 7 && byte > '1') return 505;
  ++version_bytes_;
  return kFine;
}

int HeadScanner::step_field(unsigned char byte) noexcept {
  switch (state_) {
    case State::field_start:
      if (byte == '\r') {
        state_ = State::end_lf;
        return kFine;
      }
      if (!is_token_char(byte)) return 400;  // a blank here would be a folded line
      state_ = State::name;
      return ++fields_ > limits_->fields ? 431 : kFine;
    case State::name:
      if (byte == ':') {
        state_ = State::value;
        return kFine;
      }
      return is_token_char(byte) ? kFine : 400;
    default:  // value
      if (byte == '\r') {
        state_ = State::value_lf;
        return kFine;
      }
      return (byte < ' ' && byte != '\t') || byte == 0x7F ? 400 : kFine;
  }
}

bool valid_host(std::string_view text) noexcept {
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view address = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (address.find(':') == std::string_view::npos || !IpAddress::parse(address)) return false;
  } else {
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
    const auto name_char = [](char c) {
      const auto b = static_cast<unsigned char>(c);
      return is_alpha(b) || is_digit(b) || c == '-' || c == '.' || c == '_' || c == '~';
    };
    if (name.empty() || name.size() > 255 || !std::all_of(name.begin(), name.end(), name_char)) return false;
  }
  return port.empty() || (port.front() == ':' && valid_port(port.substr(1)));
}

}  // namespace chat::transport
