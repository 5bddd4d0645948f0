// What the HTTP library does not refuse: the bytes of a request's head, checked one by one as they arrive.
//
// Pure. A head that passes has one meaning only: no line ends in a bare LF, no field is folded, no name is followed by
// a blank, no control character stands anywhere (RFC 9112, 2.2 to 5.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chat::transport {

struct HttpLimits {
  std::size_t head_bytes = 16 * 1024;    // request line and fields; over it: 431
  std::size_t target_bytes = 8 * 1024;   // over it: 414
  std::size_t fields = 100;              // over it: 431
  std::size_t trailer_bytes = 4 * 1024;  // chunk extensions, and trailers, of one body; over it: 400
};

class HeadScanner {
 public:
  explicit HeadScanner(const HttpLimits& limits) noexcept : limits_(&limits) {}

  // Reads on; stops behind the head. Answers 0, or the status to refuse with at the first byte that is wrong.
  int feed(std::string_view bytes) noexcept;
  bool complete() const noexcept { return state_ == State::done; }
  bool begun() const noexcept { return size_ > skipped_; }
  bool method_known() const noexcept { return state_ > State::method; }
  std::size_t size() const noexcept { return size_; }        // bytes read, empty lines in front included
  std::size_t skipped() const noexcept { return skipped_; }  // of these, empty lines in front
  void reset() noexcept { *this = HeadScanner(*limits_); }

 private:
  enum class State : std::uint8_t {
    start,
    start_lf,
    method,
    target,
    version,
    line_lf,
    field_start,
    name,
    value,
    value_lf,
    end_lf,
    done
  };

  int step(unsigned char byte) noexcept;
  int step_request_line(unsigned char byte) noexcept;
  int step_version(unsigned char byte) noexcept;
  int step_field(unsigned char byte) noexcept;

  const HttpLimits* limits_;
  State state_ = State::start;
  std::uint8_t version_bytes_ = 0;
  std::size_t size_ = 0;
  std::size_t skipped_ = 0;
  std::size_t length_ = 0;  // of the method or target being read
  std::size_t fields_ = 0;
};

// Is `text` a host with an optional port (RFC 9110, 7.2)? Not empty; IPv6 in brackets.
bool valid_host(std::string_view text) noexcept;
bool is_token_char(unsigned char c) noexcept;

}  // namespace chat::transport
