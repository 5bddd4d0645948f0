// WebSocket frames (RFC 6455), the server's side: pure, incremental, never throws on input.
//
// A frame that lies whole in the input is unmasked in place and handed out as a view of it; only a frame or message
// that is still incomplete allocates. Input split at any place gives the same events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace chat::transport {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

namespace close_code {
inline constexpr std::uint16_t normal = 1000, going_away = 1001, protocol_error = 1002, unsupported_data = 1003,
                               no_status = 1005, abnormal = 1006, invalid_payload = 1007, policy_violation = 1008,
                               too_big = 1009, internal_error = 1011, service_restart = 1012, try_again_later = 1013;
}

// May this code stand in a close frame that a client sends? (RFC 6455, 7.4 and the IANA registry.)
bool valid_close_code(std::uint16_t code) noexcept;

// UTF-8 read piece by piece; refuses at the first byte that no valid text can go on with.
class Utf8Validator {
 public:
  // False as soon as the text cannot be valid any more; stays false.
  bool feed(std::string_view bytes) noexcept;
  bool complete() const noexcept { return need_ == 0 && !failed_; }

 private:
  std::uint8_t need_ = 0;                  // continuation bytes still to come
  std::uint8_t low_ = 0x80, high_ = 0xBF;  // range of the next one
  bool failed_ = false;
};

bool valid_utf8(std::string_view text) noexcept;

// XORs `data` with the mask, whose first byte applies to data[0] when `phase` is 0.
void unmask(char* data, std::size_t size, const std::uint8_t (&mask)[4], std::size_t phase = 0) noexcept;

struct FrameEvent {
  enum class Kind : std::uint8_t { need_more, text, binary, ping, pong, close, error };
  Kind kind = Kind::need_more;
  std::uint16_t code = 0;    // close: the peer's code, 1005 if it gave none; error: the code to close with
  std::string_view payload;  // the message; the close reason; for errors a constant sentence
};

class FrameDecoder {
 public:
  // Messages (all fragments together) over `max_message_bytes` are error 1009.
  explicit FrameDecoder(std::size_t max_message_bytes) noexcept;
  // Of messages that begin from now on; a larger one that has begun may end.
  void set_max_message_bytes(std::size_t bytes) noexcept { max_message_bytes_ = bytes; }
  ~FrameDecoder();
  FrameDecoder(FrameDecoder&&) noexcept;

  // Takes bytes from the front of `in`, which it may overwrite, and answers the next event. need_more: everything was
  // taken. A payload lives until the next call, or until the bytes of `in` change. After close or error: not called
  // again.
  FrameEvent next(std::span<char>& in);

  // Is a frame or a fragmented message half read?
  bool midway() const noexcept { return partial_ != nullptr; }

 private:
  struct Header;
  struct Partial;

  Partial& partial();
  FrameEvent start(std::span<char>& in);
  FrameEvent go_on(std::span<char>& in);
  FrameEvent take_payload(std::span<char>& in);
  FrameEvent finish_frame();
  FrameEvent finish_message();
  int refusal(std::span<const char> bytes, const Header& header) const;
  bool message_begun() const noexcept;
  void tidy();

  std::unique_ptr<Partial> partial_;
  std::size_t max_message_bytes_;
};

// Appends the header of a whole, unmasked frame of `size` bytes.
void append_frame_header(std::string& out, Opcode opcode, std::size_t size);
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
std::string text_frame(std::string_view payload);
std::string binary_frame(std::string_view payload);
// A reason is cut to 123 bytes at a character's border; code 1005 or 0 makes an empty payload.
std::string close_frame(std::uint16_t code, std::string_view reason);

// Follows our own frames through the bytes that were sent, to know how much of the begun one is left.
class FrameTracker {
 public:
  FrameTracker() = default;
  // Bytes that are no frames and go first (the 101 answer).
  explicit FrameTracker(std::size_t prefix_bytes) noexcept : left_(prefix_bytes) {}

  void feed(std::string_view sent) noexcept;
  void at_boundary() noexcept { left_ = 0, header_ = Header::none; }
  bool mid_frame() const noexcept { return left_ != 0 || header_ != Header::none; }
  bool header_complete() const noexcept { return header_ == Header::none; }
  // Payload bytes left of the begun frame; exact only when the header is complete.
  std::uint64_t left() const noexcept { return left_; }

 private:
  enum class Header : std::uint8_t { none, length, extended };

  std::uint64_t left_ = 0;
  Header header_ = Header::none;    // what the next byte is, if not payload or a first byte
  std::uint8_t extended_left_ = 0;  // bytes of the extended length still to come
};

}  // namespace chat::transport
