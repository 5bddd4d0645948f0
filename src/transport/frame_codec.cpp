#include "transport/frame_codec.hpp"

#include <algorithm>
#include <cstring>

namespace chat::transport {

namespace {

constexpr std::size_t kMaxControlBytes = 125;
constexpr std::size_t kMaxHeaderBytes = 14;
constexpr int kNoRefusal = 0;

FrameEvent error(int code) {
  const auto sentence = code == close_code::too_big           ? std::string_view("message too big")
                        : code == close_code::invalid_payload ? std::string_view("text is not UTF-8")
                                                              : std::string_view("protocol error");
  return {FrameEvent::Kind::error, static_cast<std::uint16_t>(code), sentence};
}

bool is_control(std::uint8_t opcode) noexcept { return (opcode & 0x8) != 0; }

std::uint64_t big_endian(const char* p, std::size_t n) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < n; ++i) value = value << 8 | static_cast<std::uint8_t>(p[i]);
  return value;
}

FrameEvent control_event(std::uint8_t opcode, std::string_view payload) {
  if (opcode == static_cast<std::uint8_t>(Opcode::ping)) return {FrameEvent::Kind::ping, 0, payload};
  if (opcode == static_cast<std::uint8_t>(Opcode::pong)) return {FrameEvent::Kind::pong, 0, payload};
  if (payload.empty()) return {FrameEvent::Kind::close, close_code::no_status, {}};
  if (payload.size() == 1) return error(close_code::protocol_error);
  const auto code = static_cast<std::uint16_t>(big_endian(payload.data(), 2));
  if (!valid_close_code(code)) return error(close_code::protocol_error);
  payload.remove_prefix(2);
  if (!valid_utf8(payload)) return error(close_code::invalid_payload);
  return {FrameEvent::Kind::close, code, payload};
}

}  // namespace

bool valid_close_code(std::uint16_t code) noexcept {
  if (code >= 1000 && code <= 1014) return code < 1004 || code > 1006;
  return code >= 3000 && code <= 4999;
}

void unmask(char* data, std::size_t size, const std::uint8_t (&mask)[4], std::size_t phase) noexcept {
  std::uint8_t turned[8];
  for (std::size_t i = 0; i < 8; ++i) turned[i] = mask[(phase + i) & 3];
  std::uint64_t wide;
  std::memcpy(&wide, turned, 8);
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, data + i, 8);
    eight ^= wide;
    std::memcpy(data + i, &eight, 8);
  }
  for (; i < size; ++i) data[i] = static_cast<char>(static_cast<std::uint8_t>(data[i]) ^ turned[i & 7]);
}

struct FrameDecoder::Header {
  bool fin = false;
  std::uint8_t opcode = 0;
  std::uint8_t mask[4] = {};
  std::uint8_t size = 0;  // of the header itself; 0: not all of it is there
  std::uint64_t length = 0;

  // Reads what is there; fields beyond are left.
  static Header read(std::span<const char> in) noexcept {
    Header h;
    if (in.size() < 2) return h;
    const auto first = static_cast<std::uint8_t>(in[0]);
    const auto second = static_cast<std::uint8_t>(in[1]);
    h.fin = (first & 0x80) != 0;
    h.opcode = first & 0x0F;
    const std::size_t extended = (second & 0x7F) == 126 ? 2 : (second & 0x7F) == 127 ? 8 : 0;
    if (in.size() < 2 + extended) return h;
    h.length = extended ? big_endian(in.data() + 2, extended) : second & 0x7Fu;
    if (in.size() < 6 + extended) return h;
    std::memcpy(h.mask, in.data() + 2 + extended, 4);
    h.size = static_cast<std::uint8_t>(6 + extended);
    return h;
  }
};

// What is kept between reads; only while a frame or a message is half there.
struct FrameDecoder::Partial {
  char head[kMaxHeaderBytes];
  std::uint8_t head_bytes = 0;
  bool in_payload = false;
  bool in_message = false;  // a data frame has begun and its message has not ended
  bool text = false;
  bool delivered = false;  // `message` was handed out by the last call
  Header header;
  std::uint64_t taken = 0;  // payload bytes of the current frame
  std::uint8_t control_bytes = 0;
  char control[kMaxControlBytes];
  Utf8Validator utf8;
  std::string message;
};

FrameDecoder::FrameDecoder(std::size_t max_message_bytes) noexcept : max_message_bytes_(max_message_bytes) {}
FrameDecoder::~FrameDecoder() = default;
FrameDecoder::FrameDecoder(FrameDecoder&&) noexcept = default;

FrameDecoder::Partial& FrameDecoder::partial() {
  if (!partial_) partial_ = std::make_unique<Partial>();
  return *partial_;
}

bool FrameDecoder::message_begun() const noexcept { return partial_ && partial_->in_message; }

// Refuses a frame by as much of its header as is there, so that no byte more is waited for than is needed.
int FrameDecoder::refusal(std::span<const char> bytes, const Header& header) const {
  if (bytes.empty()) return kNoRefusal;
  const auto first = static_cast<std::uint8_t>(bytes[0]);
  const std::uint8_t opcode = first & 0x0F;
  if ((first & 0x70) != 0) return close_code::protocol_error;  // RSV1-3: no extension was agreed on
  if (is_control(opcode)) {
    if (opcode > 10 || (first & 0x80) == 0) return close_code::protocol_error;  // RFC 6455, 5.5
  } else {
    if (opcode > 2) return close_code::protocol_error;
    if ((opcode == 0) != message_begun()) return close_code::protocol_error;  // 5.4
  }
  if (bytes.size() < 2) return kNoRefusal;
  const auto second = static_cast<std::uint8_t>(bytes[1]);
  if ((second & 0x80) == 0) return close_code::protocol_error;  // 5.1: clients mask
  const unsigned short_length = second & 0x7F;
  if (is_control(opcode) && short_length > kMaxControlBytes) return close_code::protocol_error;
  const std::size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  if (bytes.size() < 2 + extended) return kNoRefusal;
  if (extended == 2 && header.length < 126) return close_code::protocol_error;  // 5.2: the shortest form
  if (extended == 8 && (header.length < 65536 || header.length >> 63)) return close_code::protocol_error;
  const std::size_t before = message_begun() ? partial_->message.size() : 0;
  if (!is_control(opcode) && header.length > max_message_bytes_ - std::min(before, max_message_bytes_))
    return close_code::too_big;
  return kNoRefusal;
}

// Gives back what the last event needed; an idle decoder owns nothing.
void FrameDecoder::tidy() {
  if (!partial_) return;
  if (partial_->delivered) {
    partial_->delivered = false;
    partial_->message.clear();
  }
  if (partial_->head_bytes == 0 && !partial_->in_payload && !partial_->in_message) partial_.reset();
}

FrameEvent FrameDecoder::next(std::span<char>& in) {
  tidy();
  while (!in.empty()) {
    const FrameEvent event = partial_ && (partial_->head_bytes != 0 || partial_->in_payload) ? go_on(in) : start(in);
    if (event.kind != FrameEvent::Kind::need_more) return event;
    tidy();
  }
  return {};
}

// At a frame's first byte.
FrameEvent FrameDecoder::start(std::span<char>& in) {
  const Header header = Header::read(in);
  if (const int code = refusal(in, header)) return error(code);
  if (header.size == 0) {
    Partial& p = partial();
    std::memcpy(p.head, in.data(), in.size());
    p.head_bytes = static_cast<std::uint8_t>(in.size());
    in = in.subspan(in.size());
    return {};
  }
  const bool whole = in.size() - header.size >= header.length;
  if (!whole || (!is_control(header.opcode) && (!header.fin || message_begun()))) {
    Partial& p = partial();
    p.header = header;
    p.in_payload = true;
    in = in.subspan(header.size);
    return take_payload(in);
  }
  char* payload = in.data() + header.size;
  const auto length = static_cast<std::size_t>(header.length);
  unmask(payload, length, header.mask);
  in = in.subspan(header.size + length);
  if (is_control(header.opcode)) return control_event(header.opcode, {payload, length});
  if (header.opcode == static_cast<std::uint8_t>(Opcode::binary))
    return {FrameEvent::Kind::binary, 0, {payload, length}};
  if (!valid_utf8({payload, length})) return error(close_code::invalid_payload);
  return {FrameEvent::Kind::text, 0, {payload, length}};
}

// Inside a frame whose beginning came with an earlier read.
FrameEvent FrameDecoder::go_on(std::span<char>& in) {
  Partial& p = *partial_;
  while (!p.in_payload) {
    if (in.empty()) return {};
    p.head[p.head_bytes++] = in.front();
    in = in.subspan(1);
    const std::span<const char> head(p.head, p.head_bytes);
    const Header header = Header::read(head);
    if (const int code = refusal(head, header)) return error(code);
    if (header.size != 0) {
      p.header = header;
      p.head_bytes = 0;
      p.in_payload = true;
    }
  }
  return take_payload(in);
}

FrameEvent FrameDecoder::take_payload(std::span<char>& in) {
  Partial& p = *partial_;
  const bool control = is_control(p.header.opcode);
  if (p.taken == 0) {
    if (control) p.control_bytes = 0;
    if (!control && p.header.opcode != 0) {
      p.in_message = true;
      p.text = p.header.opcode == static_cast<std::uint8_t>(Opcode::text);
      p.utf8 = {};
    }
  }
  const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), p.header.length - p.taken));
  unmask(in.data(), part, p.header.mask, static_cast<std::size_t>(p.taken & 3));
  const std::string_view bytes(in.data(), part);
  in = in.subspan(part);
  p.taken += part;
  if (control) {
    std::memcpy(p.control + p.control_bytes, bytes.data(), part);
    p.control_bytes = static_cast<std::uint8_t>(p.control_bytes + part);
  } else {
    if (p.text && !p.utf8.feed(bytes)) return error(close_code::invalid_payload);
    p.message.append(bytes);
  }
  return p.taken == p.header.length ? finish_frame() : FrameEvent{};
}

FrameEvent FrameDecoder::finish_frame() {
  Partial& p = *partial_;
  p.in_payload = false;
  p.taken = 0;
  if (is_control(p.header.opcode)) return control_event(p.header.opcode, {p.control, p.control_bytes});
  return p.header.fin ? finish_message() : FrameEvent{};
}

FrameEvent FrameDecoder::finish_message() {
  Partial& p = *partial_;
  p.in_message = false;
  if (p.text && !p.utf8.complete()) return error(close_code::invalid_payload);
  p.delivered = true;
  return {p.text ? FrameEvent::Kind::text : FrameEvent::Kind::binary, 0, p.message};
}

}  // namespace chat::transport
