#include "transport/http_stream.hpp"

#include <cstring>
#include <utility>

namespace chat::transport {
namespace {

constexpr std::size_t kUnaskedBytes = 256 * 1024;  // of pipelined requests, say; beyond it nobody means well

}  // namespace

ConnectionPtr HttpStream::open(EventLoop& loop, std::unique_ptr<ByteStream> stream,
                               std::shared_ptr<ConnectionHandler> handler, const ConnectionOptions& options,
                               std::string_view head) {
  boost::intrusive_ptr<HttpStream> opened(new HttpStream(loop, std::move(stream), std::move(handler), options));
  opened->start(head);
  opened->call_open();
  opened->arm_read();
  return opened;
}

void HttpStream::read_some() {
  const IoResult result = stream().try_read(loop().read_buffer());
  if (result.status == IoStatus::eof) return peer_finished();
  if (result.status == IoStatus::failed) return die(false, std::strerror(result.error));
  if (result.status == IoStatus::ok) {
    unasked_ += result.bytes;
    if (unasked_ > kUnaskedBytes) return die(true, "sent more than a request");
  }
  arm_read();
}

// A slow reader's body was cut inside a chunk: without an end it cannot take it for a whole one.
std::string HttpStream::goodbye(std::uint16_t, std::string_view) const { return is_slow() ? "" : "0\r\n\r\n"; }

}  // namespace chat::transport
