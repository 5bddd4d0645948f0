#include "transport/chunked_body.hpp"

#include "transport/http_head.hpp"

#include <algorithm>

namespace chat::transport {

namespace {

constexpr int kFine = 0;
constexpr std::uint8_t kMaxDigits = 16;

int hex(unsigned char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_control(unsigned char c) noexcept { return (c < ' ' && c != '\t') || c == 0x7F; }

}  // namespace

int ChunkedBody::feed(std::string_view& in, std::string& body, std::size_t body_limit) {
  while (!in.empty() && !complete()) {
    if (state_ == State::data) {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, in.size()));
      body.append(in.substr(0, part));
      in.remove_prefix(part);
      chunk_left_ -= part;
      if (chunk_left_ == 0) state_ = State::data_cr;
      continue;
    }
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    if (const int status = step(byte, body_limit - std::min(body.size(), body_limit))) return status;
  }
  return kFine;
}

int ChunkedBody::expect(unsigned char byte, unsigned char wanted, State next) noexcept {
  state_ = next;
  return byte == wanted ? kFine : 400;
}

int ChunkedBody::step(unsigned char byte, std::size_t room) {
  switch (state_) {
    case State::size:
    case State::extension:
      return step_size(byte, room);
    case State::size_lf:
      return expect(byte, '\n', chunk_left_ == 0 ? State::trailer_start : State::data);
    case State::data_cr:
      return expect(byte, '\r', State::data_lf);
    case State::data_lf:
      digits_ = 0;
      return expect(byte, '\n', State::size);
    case State::trailer_lf:
      return expect(byte, '\n', State::trailer_start);
    case State::end_lf:
      return expect(byte, '\n', State::done);
    default:
      return step_trailer(byte);
  }
}

int ChunkedBody::step_size(unsigned char byte, std::size_t room) {
  if (byte == '\r') {
    if (digits_ == 0) return 400;
    state_ = State::size_lf;
    return chunk_left_ > room ? 413 : kFine;
  }
  if (state_ == State::extension) return is_control(byte) || overhead_left_-- == 0 ? 400 : kFine;
  if (byte == ';' && digits_ != 0) {
    state_ = State::extension;
    return overhead_left_-- == 0 ? 400 : kFine;
  }
  const int value = hex(byte);
  if (value < 0 || ++digits_ > kMaxDigits) return 400;
  chunk_left_ = chunk_left_ << 4 | static_cast<unsigned>(value);
  return kFine;
}

// Trailers are checked as fields are, and forgotten.
int ChunkedBody::step_trailer(unsigned char byte) {
  if (state_ == State::trailer_start && byte == '\r') {
    state_ = State::end_lf;
    return kFine;
  }
  if (overhead_left_-- == 0) return 400;
  if (state_ == State::trailer_value) {
    if (byte == '\r') state_ = State::trailer_lf;
    return byte != '\r' && is_control(byte) ? 400 : kFine;
  }
  if (state_ == State::trailer_name && byte == ':') {
    state_ = State::trailer_value;
    return kFine;
  }
  state_ = State::trailer_name;
  return is_token_char(byte) ? kFine : 400;
}

}  // namespace chat::transport
