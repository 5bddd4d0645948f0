// The chunked transfer coding (RFC 9112, 7.1), read byte by byte: strict, bounded, keeps nothing but the content.
//
// Beast's own decoder is not used: of a last chunk that arrives in small pieces it asserts, and we keep assertions on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat::transport {

class ChunkedBody {
 public:
  // `overhead_limit`: extensions and trailers of the whole body together.
  explicit ChunkedBody(std::size_t overhead_limit) noexcept : overhead_left_(overhead_limit) {}

  // Takes bytes from the front of `in`, all or up to the body's end, and appends content to `body`, which never grows
  // over `body_limit`. Answers 0, or the status to refuse with: 400, or 413 as soon as a chunk says it is too large.
  int feed(std::string_view& in, std::string& body, std::size_t body_limit);
  bool complete() const noexcept { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done
  };

  int step(unsigned char byte, std::size_t room);
  int step_size(unsigned char byte, std::size_t room);
  int step_trailer(unsigned char byte);
  int expect(unsigned char byte, unsigned char wanted, State next) noexcept;

  std::size_t overhead_left_;
  std::uint64_t chunk_left_ = 0;
  std::uint8_t digits_ = 0;
  State state_ = State::size;
};

}  // namespace chat::transport
