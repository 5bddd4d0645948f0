// What clients ask, in both encodings: every command with every field, and what is left out.
#include "centrifuge_support.hpp"

#include <algorithm>
#include <limits>

namespace chat::centrifuge {
namespace {

// One command said twice: as JSON, and as what the generated code makes of it.
struct Said {
  std::string json;
  wire::Command command;

  Said(std::string text) : json(std::move(text)) { command.set_id(7); }
  std::string frame(Encoding encoding) const { return encoding == Encoding::json ? json : delimited(command); }
};

template <class M, class Check>
void expect_read(const Said& said, const Check& check) {
  for (const Encoding encoding : kEncodings) {
    SCOPED_TRACE(encoding == Encoding::json ? "JSON" : "Protobuf");
    check(only<M>(encoding, said.frame(encoding)));
  }
}

TEST(CentrifugeCommands, Connect) {
  Said said(
      R"({"id":7,"connect":{"token":"t","data":{"a":[1,2]},"name":"js","version":"1.2","headers":{"k":"v","l":""},)"
      R"("subs":{"user:1":{"recover":true,"offset":12,"epoch":"db1"},"user:2":{}},"flag":3,"profile":"p","dict":"d"}})");
  auto& connect = *said.command.mutable_connect();
  connect.set_token("t");
  connect.set_data(R"({"a":[1,2]})");
  connect.set_name("js");
  connect.set_version("1.2");
  connect.set_flag(3);
  (*connect.mutable_headers())["k"] = "v";
  (*connect.mutable_headers())["l"] = "";
  auto& sub = (*connect.mutable_subs())["user:1"];
  sub.set_recover(true);
  sub.set_offset(12);
  sub.set_epoch("db1");
  (*connect.mutable_subs())["user:2"];
  expect_read<ConnectRequest>(said, [](ConnectRequest request) {
    EXPECT_EQ(request.token, "t");
    EXPECT_EQ(request.data, R"({"a":[1,2]})");
    EXPECT_EQ(request.name, "js");
    EXPECT_EQ(request.version, "1.2");
    EXPECT_EQ(request.flag, 3);
    std::sort(request.headers.begin(), request.headers.end());  // Protobuf's maps have no order
    EXPECT_EQ(request.headers, (Map<std::string>{{"k", "v"}, {"l", ""}}));
    ASSERT_EQ(request.subs.size(), 2U);
    if (request.subs[0].first != "user:1") std::swap(request.subs[0], request.subs[1]);
    EXPECT_EQ(request.subs[0].first, "user:1");
    EXPECT_TRUE(request.subs[0].second.recover);
    EXPECT_EQ(request.subs[0].second.offset, 12U);
    EXPECT_EQ(request.subs[0].second.epoch, "db1");
    EXPECT_EQ(request.subs[1].first, "user:2");
    EXPECT_FALSE(request.subs[1].second.recover);
  });
}

TEST(CentrifugeCommands, Subscribe) {
  Said said(
      R"({"id":7,"subscribe":{"channel":"room:1","token":"t","recover":true,"offset":18446744073709551615,"epoch":"e",)"
      R"("data":"d","positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","tf":{"op":"and"},)"
      R"("flag":-9223372036854775808,"type":-2147483648}})");
  auto& subscribe = *said.command.mutable_subscribe();
  subscribe.set_channel("room:1");
  subscribe.set_token("t");
  subscribe.set_recover(true);
  subscribe.set_offset(std::numeric_limits<std::uint64_t>::max());
  subscribe.set_epoch("e");
  subscribe.set_data(R"("d")");
  subscribe.set_positioned(true);
  subscribe.set_recoverable(true);
  subscribe.set_join_leave(true);
  subscribe.set_delta("fossil");
  subscribe.mutable_tf();
  subscribe.set_flag(std::numeric_limits<std::int64_t>::min());
  subscribe.set_type(std::numeric_limits<std::int32_t>::min());
  expect_read<SubscribeRequest>(said, [](const SubscribeRequest& request) {
    EXPECT_EQ(request.channel, "room:1");
    EXPECT_EQ(request.token, "t");
    EXPECT_TRUE(request.recover && request.positioned && request.recoverable && request.join_leave && request.has_tf);
    EXPECT_EQ(request.offset, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(request.epoch, "e");
    EXPECT_EQ(request.data, R"("d")");
    EXPECT_EQ(request.delta, "fossil");
    EXPECT_EQ(request.flag, std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(request.type, std::numeric_limits<std::int32_t>::min());
  });
}

TEST(CentrifugeCommands, ASubscribeOfAChannelAloneIsZeroElsewhere) {
  Said said(R"({"id":7,"subscribe":{"channel":"c"}})");
  said.command.mutable_subscribe()->set_channel("c");
  expect_read<SubscribeRequest>(said, [](const SubscribeRequest& request) {
    EXPECT_FALSE(request.recover || request.positioned || request.recoverable || request.join_leave || request.has_tf);
    EXPECT_EQ(request.offset, 0U);
    EXPECT_EQ(request.flag, 0);
    EXPECT_EQ(request.type, 0);
    EXPECT_TRUE(request.token.empty() && request.epoch.empty() && request.data.empty() && request.delta.empty());
  });
}

TEST(CentrifugeCommands, History) {
  Said said(R"({"id":7,"history":{"channel":"c","limit":-1,"since":{"offset":42,"epoch":"db1"},"reverse":true}})");
  auto& history = *said.command.mutable_history();
  history.set_channel("c");
  history.set_limit(-1);
  history.mutable_since()->set_offset(42);
  history.mutable_since()->set_epoch("db1");
  history.set_reverse(true);
  expect_read<HistoryRequest>(said, [](const HistoryRequest& request) {
    EXPECT_EQ(request.channel, "c");
    EXPECT_EQ(request.limit, -1);
    ASSERT_TRUE(request.since);
    EXPECT_EQ(request.since->offset, 42U);
    EXPECT_EQ(request.since->epoch, "db1");
    EXPECT_TRUE(request.reverse);
  });
}

TEST(CentrifugeCommands, HistorySinceTheBeginningIsNotHistoryWithoutSince) {
  Said since(R"({"id":7,"history":{"channel":"c","since":{}}})");
  since.command.mutable_history()->set_channel("c");
  since.command.mutable_history()->mutable_since();
  expect_read<HistoryRequest>(since, [](const HistoryRequest& request) { EXPECT_TRUE(request.since); });
  Said without(R"({"id":7,"history":{"channel":"c"}})");
  without.command.mutable_history()->set_channel("c");
  expect_read<HistoryRequest>(without, [](const HistoryRequest& request) { EXPECT_FALSE(request.since); });
}

TEST(CentrifugeCommands, PublishSendAndRpcCarryData) {
  Said publish(R"({"id":7,"publish":{"channel":"c","data":{"content":"x"},"type":1}})");
  publish.command.mutable_publish()->set_channel("c");
  publish.command.mutable_publish()->set_data(R"({"content":"x"})");
  publish.command.mutable_publish()->set_type(1);
  expect_read<PublishRequest>(publish, [](const PublishRequest& request) {
    EXPECT_EQ(request.channel, "c");
    EXPECT_EQ(request.data, R"({"content":"x"})");
    EXPECT_EQ(request.type, 1);
  });
  Said rpc(R"({"id":7,"rpc":{"method":"message.edit","data":[]}})");
  rpc.command.mutable_rpc()->set_method("message.edit");
  rpc.command.mutable_rpc()->set_data("[]");
  expect_read<RpcRequest>(rpc, [](const RpcRequest& request) {
    EXPECT_EQ(request.method, "message.edit");
    EXPECT_EQ(request.data, "[]");
  });
  EXPECT_EQ(only<SendRequest>(Encoding::json, R"({"send":{"data":1}})", 0).data, "1");
  wire::Command send;
  send.mutable_send()->set_data("1");
  EXPECT_EQ(only<SendRequest>(Encoding::protobuf, delimited(send), 0).data, "1");
}

TEST(CentrifugeCommands, ThoseOfAChannelOrATokenAlone) {
  Said unsubscribe(R"({"id":7,"unsubscribe":{"channel":"c"}})");
  unsubscribe.command.mutable_unsubscribe()->set_channel("c");
  expect_read<UnsubscribeRequest>(unsubscribe, [](const auto& request) { EXPECT_EQ(request.channel, "c"); });
  Said presence(R"({"id":7,"presence":{"channel":"c"}})");
  presence.command.mutable_presence()->set_channel("c");
  expect_read<PresenceRequest>(presence, [](const auto& request) { EXPECT_EQ(request.channel, "c"); });
  Said stats(R"({"id":7,"presence_stats":{"channel":"c"}})");
  stats.command.mutable_presence_stats()->set_channel("c");
  expect_read<PresenceStatsRequest>(stats, [](const auto& request) { EXPECT_EQ(request.channel, "c"); });
  Said ping(R"({"id":7,"ping":{}})");
  ping.command.mutable_ping();
  expect_read<PingRequest>(ping, [](const auto&) {});
  Said refresh(R"({"id":7,"refresh":{"token":"t"}})");
  refresh.command.mutable_refresh()->set_token("t");
  expect_read<RefreshRequest>(refresh, [](const auto& request) { EXPECT_EQ(request.token, "t"); });
  Said sub_refresh(R"({"id":7,"sub_refresh":{"channel":"c","token":"t","type":2}})");
  sub_refresh.command.mutable_sub_refresh()->set_channel("c");
  sub_refresh.command.mutable_sub_refresh()->set_token("t");
  sub_refresh.command.mutable_sub_refresh()->set_type(2);
  expect_read<SubRefreshRequest>(sub_refresh, [](const auto& request) {
    EXPECT_EQ(request.channel, "c");
    EXPECT_EQ(request.token, "t");
    EXPECT_EQ(request.type, 2);
  });
}

TEST(CentrifugeCommands, SeveralInOneFrameComeInOrder) {
  for (const char* end : {"", "\n"}) {
    const auto all = read_all(Encoding::json, std::string(R"({"id":1,"connect":{}})"
                                                          "\n{}\n"
                                                          R"( {"id":4294967295,"subscribe":{"channel":"c"}} )") +
                                                  end);
    ASSERT_EQ(all.commands.size(), 3U);
    EXPECT_FALSE(all.refused);
    EXPECT_TRUE(std::holds_alternative<ConnectRequest>(all.commands[0].method));
    EXPECT_FALSE(all.commands[0].is_pong());
    EXPECT_TRUE(all.commands[1].is_pong());
    EXPECT_EQ(all.commands[2].id, 4294967295U);
  }
  wire::Command first, third;
  first.set_id(1);
  first.mutable_connect();
  third.set_id(4294967295U);
  third.mutable_subscribe()->set_channel("c");
  const auto all = read_all(Encoding::protobuf, delimited(first) + delimited("") + delimited(third));
  ASSERT_EQ(all.commands.size(), 3U);
  EXPECT_FALSE(all.refused);
  EXPECT_TRUE(all.commands[1].is_pong());
  EXPECT_EQ(all.commands[2].id, 4294967295U);
}

TEST(CentrifugeCommands, WhatIsNotYetReadIsAFrameOfItsOwn) {
  for (const Encoding encoding : kEncodings) {
    const bool json = encoding == Encoding::json;
    std::string frame;
    append_joined(frame, encoding, json ? R"({"id":1})" : "\x08\x01");
    append_joined(frame, encoding, json ? "{}" : "");
    CommandReader reader(encoding, frame);
    EXPECT_EQ(reader.next()->value().id, 1U);
    const auto rest = read_all(encoding, reader.rest());
    ASSERT_EQ(rest.commands.size(), 1U);
    EXPECT_TRUE(rest.commands[0].is_pong());
    EXPECT_TRUE(reader.next()->value().is_pong());
    EXPECT_EQ(reader.rest(), "");
    EXPECT_FALSE(reader.next());
  }
}

TEST(CentrifugeCommands, OfSeveralMethodsTheFirstKnownOneCounts) {
  EXPECT_EQ(only<RpcRequest>(Encoding::json, R"({"x":{},"id":7,"rpc":{"method":"m"},"connect":{"token":"t"}})").method,
            "m");
  EXPECT_EQ(only<RpcRequest>(Encoding::json, R"({"connect":null,"rpc":{"method":"m"},"publish":5,"id":7})").method,
            "m");
  wire::Command id, rpc, connect;
  id.set_id(7);
  rpc.mutable_rpc()->set_method("m");
  connect.mutable_connect()->set_token("t");
  const std::string frame = rpc.SerializeAsString() + connect.SerializeAsString() + id.SerializeAsString();
  EXPECT_EQ(only<RpcRequest>(Encoding::protobuf, delimited(frame)).method, "m");
}

TEST(CentrifugeCommands, UnknownFieldsAndMethodsAreSkipped) {
  for (const char* text :
       {R"({"id":7,"subscribe":{"channel":"c","x":{"channel":"d"},"phase":1,"y":["\ud800",1e999,{"a":1,"a":2}]}})",
        R"({"new":{"channel":"d"},"id":7,"subscribe":{"channel":"c"},"n":1,"n":2})"})
    EXPECT_EQ(only<SubscribeRequest>(Encoding::json, text).channel, "c") << text;
  EXPECT_TRUE(std::holds_alternative<std::monostate>(
      read_all(Encoding::json, R"({"id":7,"unknown":{}})").commands.at(0).method));

  wire::Command command;
  command.set_id(7);
  command.mutable_subscribe()->set_channel("c");
  std::string known = command.SerializeAsString();
  const std::string unknown[] = {std::string("\x98\x06\x01", 3),                 // 99: varint
                                 std::string("\x99\x06") + std::string(8, 'x'),  // 99: fixed64
                                 std::string("\x9a\x06\x03"
                                             "abc"),                              // 99: bytes
                                 std::string("\x9d\x06") + std::string(4, 'x')};  // 99: fixed32
  for (const auto& field : unknown) {
    EXPECT_EQ(only<SubscribeRequest>(Encoding::protobuf, delimited(field + known + field)).channel, "c");
    wire::Command outer;
    outer.set_id(7);
    const std::string inner = field +
                              "\x0a\x01"
                              "c" +
                              field;
    const std::string body = std::string("\x2a") + static_cast<char>(inner.size()) + inner;
    EXPECT_EQ(only<SubscribeRequest>(Encoding::protobuf, delimited(outer.SerializeAsString() + body)).channel, "c");
  }
}

TEST(CentrifugeCommands, JsonNullIsWhatIsNotThere) {
  const auto subscribe = only<SubscribeRequest>(
      Encoding::json,
      R"({"id":7,"subscribe":{"channel":"c","token":null,"recover":null,"offset":null,"flag":null,"tf":null}})");
  EXPECT_TRUE(subscribe.token.empty());
  EXPECT_FALSE(subscribe.has_tf);
  EXPECT_FALSE(only<HistoryRequest>(Encoding::json, R"({"id":7,"history":{"since":null}})").since);
  EXPECT_TRUE(only<ConnectRequest>(Encoding::json, R"({"id":7,"connect":{"subs":null,"headers":null}})").subs.empty());
  EXPECT_EQ(only<PublishRequest>(Encoding::json, R"({"id":7,"publish":{"data":null}})").data, "null")
      << "of data it is the text";
  EXPECT_TRUE(read_all(Encoding::json, R"({"id":null})").commands.at(0).is_pong());
}

TEST(CentrifugeCommands, JsonNamesMayBeEscaped) {
  EXPECT_EQ(
      only<SubscribeRequest>(Encoding::json, R"({"\u0069d":7,"subscr\u0069be":{"ch\u0061nnel":"\u00e9\ud83d\ude00"}})")
          .channel,
      "\xC3\xA9\xF0\x9F\x98\x80");
}

TEST(CentrifugeCommands, EmbeddedDataIsMinifiedAndOtherwiseKept) {
  const auto data = [](const std::string& json) {
    return only<PublishRequest>(Encoding::json, R"({"id":7,"publish":{"data":)" + json + "}}").data;
  };
  EXPECT_EQ(data(" { \"a b\" :\t[ 1.50 , -0 , 1E5 , \"x \\\" \\n y\" ] } "), R"({"a b":[1.50,-0,1E5,"x \" \n y"]})");
  for (const char* text : {"1e999", "\"\\ud800\"", "\"\\u0000\"", R"({"a":1,"a":2})", "123456789012345678901234567890"})
    EXPECT_EQ(data(text), text) << "its user judges it";
  const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
  EXPECT_EQ(data(deep), deep);
}

TEST(CentrifugeCommands, ProtobufDataIsAnyBytes) {
  wire::Command command;
  command.set_id(7);
  const std::string bytes("\x00\xff\n\"", 4);
  command.mutable_publish()->set_data(bytes);
  EXPECT_EQ(only<PublishRequest>(Encoding::protobuf, delimited(command)).data, bytes);
}

TEST(CentrifugeCommands, EmulationRequest) {
  const auto json = read_emulation_request(Encoding::json,
                                           R"({"session":"s","node":"n","data":"{\"id\":2,\"ping\":{}}\n{}","x":[1]})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->session, "s");
  EXPECT_EQ(json->node, "n");
  EXPECT_EQ(json->data, "{\"id\":2,\"ping\":{}}\n{}");
  wire::EmulationRequest request;
  request.set_session("s");
  request.set_node("n");
  request.set_data(std::string("\x00\xff", 2));
  const auto protobuf = read_emulation_request(Encoding::protobuf, request.SerializeAsString());
  ASSERT_TRUE(protobuf);
  EXPECT_EQ(protobuf->session, "s");
  EXPECT_EQ(protobuf->node, "n");
  EXPECT_EQ(protobuf->data, std::string("\x00\xff", 2));
  for (const char* text : {"", "[]", "{\"data\":{}}", "{} {}", "{\"node\":1}", "{\"node\":\"a\",\"node\":\"a\"}"})
    EXPECT_FALSE(read_emulation_request(Encoding::json, text)) << text;
  EXPECT_FALSE(read_emulation_request(Encoding::protobuf, "\x0a\x05n"));
}

}  // namespace
}  // namespace chat::centrifuge
