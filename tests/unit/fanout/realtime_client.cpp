#include "realtime_client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <stdexcept>

namespace chat::fanout::test {
namespace {

using centrifuge::Encoding;

// The fields of a Protobuf message that are numbers or bytes, in order.
struct Field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

std::uint64_t take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(in.at(0));
    in.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
}

std::vector<Field> fields_of(std::string_view in) {
  std::vector<Field> fields;
  while (!in.empty()) {
    const std::uint64_t key = take_varint(in);
    Field field{key >> 3, 0, {}};
    if ((key & 7) == 2) {
      const std::size_t length = take_varint(in);
      field.bytes = in.substr(0, length);
      if (field.bytes.size() != length) throw std::runtime_error("a truncated message");
      in.remove_prefix(length);
    } else if ((key & 7) == 0) {
      field.value = take_varint(in);
    } else {
      throw std::runtime_error("a field of another kind");
    }
    fields.push_back(field);
  }
  return fields;
}

void read_info(std::string_view info, Push& push) {
  for (const Field& field : fields_of(info)) {
    if (field.number == 1) push.user = field.bytes;
    if (field.number == 2) push.client = field.bytes;
  }
}

Push read_protobuf(std::string_view object) {
  Push push;
  const auto reply = fields_of(object);
  if (reply.size() != 1 || reply[0].number != 4) throw std::runtime_error("no push");
  for (const Field& field : fields_of(reply[0].bytes)) {
    if (field.number == 2) push.channel = field.bytes;
    if (field.number == 4) {
      push.kind = "pub";
      for (const Field& part : fields_of(field.bytes)) {
        if (part.number == 4) push.data = part.bytes;
        if (part.number == 5) read_info(part.bytes, push);
        if (part.number == 6) push.offset = static_cast<std::int64_t>(part.value);
      }
    }
    if (field.number == 5 || field.number == 6) {
      push.kind = field.number == 5 ? "join" : "leave";
      for (const Field& part : fields_of(field.bytes)) read_info(part.bytes, push);
    }
  }
  return push;
}

Push read_json(std::string_view object) {
  Push push;
  const auto json = boost::json::parse(object).as_object().at("push").as_object();
  push.channel = std::string(json.at("channel").as_string());
  for (const auto& [kind, value] : json) {
    if (kind == "channel") continue;
    push.kind = kind;
    const auto& body = value.as_object();
    if (const auto* offset = body.if_contains("offset")) push.offset = offset->to_number<std::int64_t>();
    // The very bytes: what stands in the frame is compared with what the store gives.
    if (const auto* data = body.if_contains("data")) push.data = boost::json::serialize(*data);
    if (const auto* info = body.if_contains("info")) {
      push.user = std::string(info->at("user").as_string());
      if (const auto* client = info->as_object().if_contains("client")) push.client = std::string(client->as_string());
    }
  }
  return push;
}

}  // namespace

Push read_push(Encoding encoding, std::string_view object) {
  Push push = encoding == Encoding::json ? read_json(object) : read_protobuf(object);
  if (push.channel != "session") return push;
  push.kind = "marker";
  push.data = std::string(boost::json::parse(push.data).as_string());
  return push;
}

RealtimeClient::RealtimeClient(World& world, std::size_t shard, std::string name, WireFormat format)
    : Connection(world, shard, std::move(name)),
      format_(format),
      encoding_(format == WireFormat::protobuf_websocket ? Encoding::protobuf : Encoding::json) {}

RealtimeClient::~RealtimeClient() { detach(); }

RealtimeClient::Stay& RealtimeClient::subscribe(const FeedKey& feed, RecoverFrom from, Audience audience,
                                                std::optional<Seq> member_as_of) {
  Stay& stay = stays.emplace_back();
  stay.number = stays.size() - 1;
  stay.feed = feed;
  stay.audience = audience;
  stay.from = from;
  stay.member_as_of = member_as_of;
  stay.subscription = std::make_unique<Subscription>(*this);
  shard()->subscribe(*stay.subscription, {feed, format_, audience, member_as_of}, from);
  return stay;
}

void RealtimeClient::unsubscribe(Stay& stay) {
  stay.left = true;
  shard()->unsubscribe(*stay.subscription);
  end(stay);
}

void RealtimeClient::say(std::string_view marker) {
  std::string object, frame;
  centrifuge::Publication publication;
  publication.data = '"' + std::string(marker) + '"';
  centrifuge::append_push(object, encoding_, "session", publication);
  centrifuge::append_framed(frame, encoding_, centrifuge::Framing::websocket, object);
  send(frame);
}

RealtimeClient::Stay& RealtimeClient::stay_of(const Subscription& subscription) {
  return *std::find_if(stays.begin(), stays.end(),
                       [&](const Stay& stay) { return stay.subscription.get() == &subscription; });
}

// The subscription is destroyed at once: whoever calls must not need it any more.
void RealtimeClient::end(Stay& stay) {
  stay.subscription.reset();
  say("end " + std::to_string(stay.number));
}

void RealtimeClient::on_subscribed(Subscription& subscription, Recovery recovery) {
  Stay& stay = stay_of(subscription);
  stay.recovery = std::move(recovery);
  say("begin " + std::to_string(stay.number));
}

void RealtimeClient::on_subscribe_failed(Subscription& subscription, const Error& error) {
  Stay& stay = stay_of(subscription);
  stay.failed = error.code;
  end(stay);
}

void RealtimeClient::on_removed(Subscription& subscription) {
  Stay& stay = stay_of(subscription);
  stay.removed = true;
  end(stay);
}

void RealtimeClient::on_position_lost(Subscription& subscription) {
  Stay& stay = stay_of(subscription);
  stay.lost = true;
  end(stay);
}

void RealtimeClient::on_slow(std::string_view reason) {
  slow = reason;
  socket()->fail_slow(3008, "slow");
}

void RealtimeClient::on_state_invalidated() {
  invalidated = "yes";
  socket()->close(3014, "state invalidated");
}

void RealtimeClient::take(unsigned char opcode, std::string payload) {
  if (opcode == 0x88) {
    Push close;
    close.kind = "close";
    close.code = static_cast<unsigned char>(payload.at(0)) << 8 | static_cast<unsigned char>(payload.at(1));
    close.data = payload.substr(2);
    received.push_back(std::move(close));
    return;
  }
  std::string_view rest = payload;
  while (!rest.empty()) {
    std::size_t length = 0;
    std::size_t skip = 0;
    if (encoding_ == Encoding::protobuf) {
      length = take_varint(rest);
    } else {
      length = std::min(rest.find('\n'), rest.size());
      skip = length < rest.size() ? 1 : 0;
    }
    received.push_back(read_push(encoding_, rest.substr(0, length)));
    rest.remove_prefix(length + skip);
  }
}

std::vector<std::int64_t> RealtimeClient::offsets(const FeedKey& feed) const {
  std::vector<std::int64_t> out;
  for (const Push& push : received) {
    if (push.kind == "pub" && push.channel == feed.str() && push.offset != 0) out.push_back(push.offset);
  }
  return out;
}

std::vector<std::string> RealtimeClient::of_kind(std::string_view kind) const {
  std::vector<std::string> out;
  for (const Push& push : received) {
    if (push.kind == kind) out.push_back(push.channel + ' ' + push.user + ' ' + push.data);
  }
  return out;
}

}  // namespace chat::fanout::test
