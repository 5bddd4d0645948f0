// Realtime frames in Protobuf: whatever comes, the reader answers. What it takes the generated code takes too, and
// reads the same in it; what that code writes ours reads.
#include "protocol/centrifuge_codec.hpp"
#include "protocol/protobuf_wire.hpp"

#include <centrifuge.pb.h>
#include <google/protobuf/stubs/logging.h>

#include <cstdlib>

namespace {

using namespace chat;
using namespace chat::centrifuge;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Compare {
  const wire::Command& w;

  void operator()(const std::monostate&) const {}
  void operator()(const PingRequest&) const { require(w.has_ping()); }
  void operator()(const ConnectRequest& m) const {
    const auto& o = w.connect();
    require(m.token == o.token() && m.data == o.data() && m.name == o.name() && m.version == o.version());
    require(m.flag == o.flag());
    require(m.headers.size() == o.headers().size() && m.subs.size() == o.subs().size());
    for (const auto& [key, value] : m.headers) require(o.headers().at(key) == value);
    for (const auto& [key, value] : m.subs) same(value, o.subs().at(key));
  }
  void operator()(const SubscribeRequest& m) const { same(m, w.subscribe()); }
  void operator()(const UnsubscribeRequest& m) const { require(m.channel == w.unsubscribe().channel()); }
  void operator()(const PublishRequest& m) const {
    const auto& o = w.publish();
    require(m.channel == o.channel() && m.data == o.data() && m.type == o.type());
  }
  void operator()(const HistoryRequest& m) const {
    const auto& o = w.history();
    require(m.channel == o.channel() && m.limit == o.limit() && m.reverse == o.reverse());
    require(m.since.has_value() == o.has_since());
    if (m.since) require(m.since->offset == o.since().offset() && m.since->epoch == o.since().epoch());
  }
  void operator()(const PresenceRequest& m) const { require(m.channel == w.presence().channel()); }
  void operator()(const PresenceStatsRequest& m) const { require(m.channel == w.presence_stats().channel()); }
  void operator()(const SendRequest& m) const { require(m.data == w.send().data()); }
  void operator()(const RpcRequest& m) const { require(m.data == w.rpc().data() && m.method == w.rpc().method()); }
  void operator()(const RefreshRequest& m) const { require(m.token == w.refresh().token()); }
  void operator()(const SubRefreshRequest& m) const {
    const auto& o = w.sub_refresh();
    require(m.channel == o.channel() && m.token == o.token() && m.type == o.type());
  }

 private:
  static void same(const SubscribeRequest& m, const wire::SubscribeRequest& o) {
    require(m.channel == o.channel() && m.token == o.token() && m.recover == o.recover() && m.epoch == o.epoch());
    require(m.offset == o.offset() && m.data == o.data() && m.positioned == o.positioned());
    require(m.recoverable == o.recoverable() && m.join_leave == o.join_leave() && m.delta == o.delta());
    require(m.has_tf == o.has_tf() && m.flag == o.flag() && m.type == o.type());
  }
};

std::optional<Result<Command>> read_one(std::string_view object) {
  std::string frame;
  append_joined(frame, Encoding::protobuf, object);
  CommandReader reader(Encoding::protobuf, frame);
  auto command = reader.next();
  require(!reader.next());
  return command;
}

// Of two methods the second is skipped unread; the generated code reads both.
std::size_t count_methods(std::string_view object) {
  protobuf::WireReader in(object);
  protobuf::WireTag tag;
  std::size_t methods = 0;
  while (in.next(tag) && in.skip(tag)) methods += tag.number >= 4 && tag.number <= 15 ? 1 : 0;
  return methods;
}

// What the generated code makes of the input, said by it in the plain form that every client sends.
void check_canonical(std::string_view object) {
  wire::Command w;
  if (!w.ParseFromArray(object.data(), static_cast<int>(object.size()))) return;
  w.DiscardUnknownFields();
  const std::string plain = w.SerializeAsString();
  const auto command = read_one(plain);
  // The one thing that it takes and we do not; for too many entries of a map the input is too short.
  require(command->has_value() || command->error().message == "contains U+0000");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto quiet = google::protobuf::SetLogHandler(nullptr);
  (void)quiet;
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  CommandReader frame(Encoding::protobuf, input);
  std::size_t answers = 0;
  while (frame.next()) require(++answers <= size + 1);
  require(answers > 0);

  // As one object: a fuzzer finds these sooner than lengths that fit.
  const auto command = read_one(input);
  if (command->has_value()) {
    wire::Command w;
    if (w.ParseFromArray(data, static_cast<int>(size))) {
      require((*command)->id == w.id());
      std::visit(Compare{w}, (*command)->method);
    } else {
      require(count_methods(input) > 1);
    }
  }
  check_canonical(input);

  if (const auto request = read_emulation_request(Encoding::protobuf, input)) {
    wire::EmulationRequest w;
    require(w.ParseFromArray(data, static_cast<int>(size)));
    require(request->data == w.data() && request->session == w.session() && request->node == w.node());
  }

  Publication publication;
  publication.data = input;
  publication.offset = size;
  std::string object;
  append_push(object, Encoding::protobuf, "c", publication);
  wire::Reply reply;
  require(reply.ParseFromString(object));
  require(reply.push().pub().data() == input && reply.push().pub().offset() == size && reply.push().channel() == "c");
  return 0;
}
