// Client frames: whatever comes, the decoder answers; what it takes can be encoded and read back by another parser.
#include "model/limits.hpp"
#include "protocol/room_frames.hpp"

#include <boost/json/parse.hpp>

#include <cstdlib>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// The JSON in a frame as Boost's DOM reads it.
boost::json::value payload_of(const std::string& frame) {
  const auto length = static_cast<unsigned char>(frame[1]);
  const std::size_t header = length < 126 ? 2u : length == 126 ? 4u : 10u;
  return boost::json::parse(boost::json::string_view(frame.data() + header, frame.size() - header));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chat;
  constexpr std::size_t kMaxContent = 512;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto frame = protocol::decode_client_frame(text, kMaxContent);
  if (!frame) return 0;
  require(!frame->content.empty() && frame->content.size() <= kMaxContent);
  require(!frame->client_id || (!frame->client_id->empty() && frame->client_id->size() <= kMaxClientIdBytes));

  Event event;
  event.seq = Seq(1);
  event.message.emplace().content = frame->content;
  event.message->author_name = frame->content;
  std::string out;
  protocol::append_event_frame(out, event);
  require(payload_of(out).at("content").as_string() == boost::json::string_view(frame->content));
  if (frame->client_id) {
    std::string ack;
    protocol::append_ack_frame(ack, *frame->client_id, {}, Seq(1), {});
    require(payload_of(ack).at("client_id").as_string() == boost::json::string_view(*frame->client_id));
  }
  return 0;
}
