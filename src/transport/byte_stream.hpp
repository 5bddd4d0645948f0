// Bytes over a non-blocking descriptor, plain or (later) TLS, under one interface.
//
// Nothing here waits: an operation that cannot go on says which readiness it needs, and the owner waits for it
// (transport/io_watch.hpp). Home: the loop of its connection.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace chat::transport {

enum class IoStatus : std::uint8_t {
  ok,           // `bytes` > 0 were moved
  would_block,  // nothing moved; wait for what wants() says
  eof,          // reading only: the other side has finished sending
  failed,       // the connection is dead; `error` is an errno value
};

struct IoResult {
  IoStatus status = IoStatus::ok;
  bool more = false;  // reading: more may be there right now, ask again without waiting (TLS must be asked again)
  int error = 0;
  std::size_t bytes = 0;
};

// Ranges for one gathering write.
class IovecList {
 public:
  static constexpr std::size_t kCapacity = 64;

  bool full() const noexcept { return size_ == kCapacity; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t bytes() const noexcept { return bytes_; }
  // Adds a range; false (and nothing added) when the list is full. Empty ranges are skipped.
  bool add(const char* data, std::size_t size) noexcept {
    if (size == 0) return true;
    if (full()) return false;
    ranges_[size_++] = {const_cast<char*>(data), size};
    bytes_ += size;
    return true;
  }
  std::span<const iovec> ranges() const noexcept { return {ranges_.data(), size_}; }

 private:
  std::array<iovec, kCapacity> ranges_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

class ByteStream {
 public:
  enum class Wants : std::uint8_t { read, write };

  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  virtual IoResult try_read(std::span<char> into) = 0;
  // Takes as much as it can of the ranges, in order, with at most one send. `bytes` may be less than their sum.
  virtual IoResult try_write(std::span<const iovec> from) = 0;
  // After would_block: the readiness that lets the read (the write) go on. TLS may need the other direction.
  virtual Wants read_wants() const noexcept { return Wants::read; }
  virtual Wants write_wants() const noexcept { return Wants::write; }
  // Bytes taken by try_write but not yet by the kernel (a TLS record); try_write with no ranges sends on.
  virtual std::size_t unsent_bytes() const noexcept { return 0; }

  virtual void shutdown_send() noexcept = 0;  // half-close: the peer sees the end of the stream
  virtual void reset() noexcept = 0;          // makes the closing that follows an RST: unsent bytes are dropped
  virtual bool secure() const noexcept { return false; }
  virtual int native_handle() const noexcept = 0;

 protected:
  ByteStream() = default;
};

// A TCP or Unix socket without encryption. Owns the descriptor.
class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(int fd) noexcept : fd_(fd) {}  // non-blocking already
  ~PlainStream() override;

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const iovec> from) override;  // send or sendmsg, MSG_NOSIGNAL
  void shutdown_send() noexcept override;
  void reset() noexcept override;
  int native_handle() const noexcept override { return fd_; }

 private:
  int fd_;
};

struct SocketOptions {
  int send_buffer_bytes = 256 * 1024;      // SO_SNDBUF; 0 = the kernel's own growing size
  int receive_buffer_bytes = 0;            // SO_RCVBUF; 0 = the kernel's
  int unsent_low_water_bytes = 64 * 1024;  // TCP_NOTSENT_LOWAT: writable only when less than this is unsent
};

// Sets TCP_NODELAY and the above; on a listening socket accepted ones inherit them. Failures are ignored (Unix
// sockets).
void apply_socket_options(int fd, const SocketOptions& options) noexcept;

}  // namespace chat::transport
