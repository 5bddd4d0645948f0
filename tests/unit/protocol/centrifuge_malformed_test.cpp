// What no client in good faith sends: an error each, never a crash, and the commands before it are read.
#include "centrifuge_support.hpp"

namespace chat::centrifuge {
namespace {

TEST(CentrifugeMalformed, JsonThatIsNone) {
  for (const char* text : {"",
                           "\n",
                           " ",
                           "x",
                           "1",
                           "\"a\"",
                           "null",
                           "true",
                           "[]",
                           "[{}]",
                           "{",
                           "}",
                           "{}}",
                           "{} {}",
                           "{}x",
                           "{\"id\":1",
                           "{\"id\"}",
                           "{\"id\":}",
                           "{id:1}",
                           "{'id':1}",
                           "{\"id\":1,}",
                           "{,\"id\":1}",
                           "{\"id\":1 \"x\":2}",
                           "{\"id\" 1}",
                           "{\"x\":[1,]}",
                           "{\"x\":[,1]}",
                           "{\"x\":[1 2]}",
                           "{\"x\":[1}",
                           "{\"x\":{]}",
                           "{\"x\":nul}",
                           "{\"x\":truely}",
                           "{\"x\":+1}",
                           "{\"x\":01}",
                           "{\"x\":1.}",
                           "{\"x\":.5}",
                           "{\"x\":1e}",
                           "{\"x\":-}",
                           "{\"x\":NaN}",
                           "{\"x\":\"\\x\"}",
                           "{\"x\":\"\\u12g4\"}",
                           "{\"x\":\"\\u12\"}",
                           "{\"x\":\"a}",
                           "{\"x\":\"\\\"}",
                           "{\"x\":\"\t\"}",
                           "{\"x\":\"\xFF\"}",
                           "{\"x\":\"\xED\xA0\x80\"}",
                           "{\"x\":\"\xC0\x80\"}",
                           "\xEF\xBB\xBF{}",
                           "{}/* c */",
                           "{\"id\":1,\n\"ping\":{}}"})
    EXPECT_TRUE(refused(Encoding::json, text)) << text;
  EXPECT_TRUE(refused(Encoding::json, std::string_view("{}\0", 3)));
}

TEST(CentrifugeMalformed, BlankLinesBeforeBetweenAndAfter) {
  for (const char* text : {"\n{}", "{}\n\n{}", "{}\n\n", "{}\n \n"}) EXPECT_TRUE(refused(Encoding::json, text)) << text;
}

TEST(CentrifugeMalformed, WhatCameBeforeIsRead) {
  const auto json = read_all(Encoding::json, "{\"id\":1,\"ping\":{}}\n{\"id\":2,\"ping\":{}}\n{\n{}");
  EXPECT_EQ(json.commands.size(), 2U);
  EXPECT_TRUE(json.refused);
  const auto protobuf = read_all(Encoding::protobuf, delimited("\x08\x01") + delimited("\x08\x02") + "\x05\x08");
  EXPECT_EQ(protobuf.commands.size(), 2U);
  EXPECT_TRUE(protobuf.refused);
}

TEST(CentrifugeMalformed, JsonFieldsOfAnotherTypeOrOutOfRange) {
  for (const char* text : {R"({"id":"1"})",
                           R"({"id":1.0})",
                           R"({"id":1e0})",
                           R"({"id":-1})",
                           R"({"id":4294967296})",
                           R"({"id":99999999999999999999999999})",
                           R"({"id":true})",
                           R"({"id":{}})",
                           R"({"connect":[]})",
                           R"({"connect":"x"})",
                           R"({"connect":1})",
                           R"({"subscribe":{"channel":1}})",
                           R"({"subscribe":{"channel":{}}})",
                           R"({"subscribe":{"recover":1}})",
                           R"({"subscribe":{"recover":"true"}})",
                           R"({"subscribe":{"offset":-1}})",
                           R"({"subscribe":{"offset":18446744073709551616}})",
                           R"({"subscribe":{"offset":"1"}})",
                           R"({"subscribe":{"flag":9223372036854775808}})",
                           R"({"subscribe":{"type":2147483648}})",
                           R"({"subscribe":{"type":-2147483649}})",
                           R"({"history":{"limit":1.5}})",
                           R"({"history":{"since":1}})",
                           R"({"history":{"since":{"offset":"1"}}})",
                           R"({"connect":{"headers":[]}})",
                           R"({"connect":{"headers":{"a":1}}})",
                           R"({"connect":{"subs":[]}})",
                           R"({"connect":{"subs":{"a":1}}})",
                           R"({"connect":{"subs":{"a":{"offset":-1}}}})",
                           R"({"rpc":{"method":["m"]}})",
                           R"({"refresh":{"token":5}})"})
    EXPECT_TRUE(refused(Encoding::json, text)) << text;
}

TEST(CentrifugeMalformed, JsonNamesThatStandTwice) {
  for (const char* text :
       {R"({"id":1,"id":1})", R"({"id":1,"i\u0064":1})", R"({"ping":{},"ping":{}})", R"({"ping":null,"ping":{}})",
        R"({"subscribe":{"channel":"a","channel":"a"}})", R"({"publish":{"data":1,"data":1}})",
        R"({"connect":{"subs":{"a":{},"a":{}}}})", R"({"connect":{"headers":{"a":"","b":"","a":""}}})",
        R"({"history":{"since":{"offset":1,"offset":1}}})"})
    EXPECT_TRUE(refused(Encoding::json, text)) << text;
}

TEST(CentrifugeMalformed, JsonStringsThatAreNoText) {
  for (const char* value : {"\\u0000", "\\ud800", "\\udc00", "\\ud800\\u0041", "\\ud800x", "\xFF", "\xED\xA0\x80"}) {
    EXPECT_TRUE(refused(Encoding::json, std::string(R"({"subscribe":{"channel":")") + value + "\"}}")) << value;
    EXPECT_TRUE(refused(Encoding::json, std::string(R"({"connect":{"headers":{")") + value + "\":\"\"}}}")) << value;
  }
}

TEST(CentrifugeMalformed, MoreMapEntriesThanAnyClientHas) {
  const auto json = [](int entries) {
    std::string text = R"({"id":7,"connect":{"subs":{)";
    for (int i = 0; i < entries; ++i) text += (i ? ",\"" : "\"") + std::to_string(i) + "\":{}";
    return text + "}}}";
  };
  EXPECT_EQ(only<ConnectRequest>(Encoding::json, json(1024)).subs.size(), 1024U);
  EXPECT_TRUE(refused(Encoding::json, json(1025)));
  const auto protobuf = [](int entries) {
    wire::Command command;
    command.set_id(7);
    for (int i = 0; i < entries; ++i) (*command.mutable_connect()->mutable_headers())[std::to_string(i)] = "";
    return delimited(command);
  };
  EXPECT_EQ(only<ConnectRequest>(Encoding::protobuf, protobuf(1024)).headers.size(), 1024U);
  EXPECT_TRUE(refused(Encoding::protobuf, protobuf(1025)));
}

TEST(CentrifugeMalformed, EveryPrefixOfACommandIsRefused) {
  const std::string json = R"({"id":7,"connect":{"token":"t\u00e9","subs":{"a":{"offset":12}},"data":[{"x":1e5}]}})";
  for (std::size_t size = 0; size < json.size(); ++size)
    EXPECT_TRUE(refused(Encoding::json, std::string_view(json).substr(0, size))) << size;
  wire::Command command;
  command.set_id(300);
  auto& connect = *command.mutable_connect();
  connect.set_token("t");
  (*connect.mutable_subs())["a"].set_offset(1234567);
  (*connect.mutable_headers())["k"] = "v";
  const std::string frame = delimited(command);
  for (std::size_t size = 0; size < frame.size(); ++size)
    EXPECT_TRUE(refused(Encoding::protobuf, std::string_view(frame).substr(0, size))) << size;
}

// A command of these bytes, which the length before them fits.
bool refused_bytes(std::string_view bytes) { return refused(Encoding::protobuf, delimited(bytes)); }

TEST(CentrifugeMalformed, ProtobufFrames) {
  EXPECT_TRUE(refused(Encoding::protobuf, ""));
  EXPECT_TRUE(refused(Encoding::protobuf, "\x80"));                                          // half a length
  EXPECT_TRUE(refused(Encoding::protobuf, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));      // 2^64 - 1 bytes
  EXPECT_TRUE(refused(Encoding::protobuf, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));      // 65 bits
  EXPECT_TRUE(refused(Encoding::protobuf, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"));  // eleven bytes
  EXPECT_TRUE(refused(Encoding::protobuf, "\x02\x08"));
}

TEST(CentrifugeMalformed, ProtobufFields) {
  using namespace std::string_view_literals;
  const std::string_view cases[] = {
      "\x08"sv,                                          // no number
      "\x08\x80\x80\x80\x80\x10"sv,                      // id 2^32
      "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"sv,  // 65 bits
      "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv,  // id -1
      "\x08\x01\x08\x01"sv,                              // id twice
      "\x0a\x01x"sv,                                     // id as bytes
      "\x20\x01"sv,                                      // connect as a number
      "\x5a\x00\x5a\x00"sv,                              // ping twice
      "\x22\x02\x0a\x05"sv,                              // connect{token} beyond its message
      "\x22\x05\x0a\x01"
      "aaa"sv,  // connect: what follows the token is no field
      "\x22\x06\x0a\x01"
      "a\x0a\x01"
      "a"sv,                                         // token twice
      "\x22\x03\x0a\x01\xff"sv,                      // token no UTF-8
      "\x22\x03\x0a\x01\x00"sv,                      // token U+0000
      "\x22\x04\x1a\x02\x12\x05"sv,                  // subs: an entry beyond its message
      "\x22\x06\x1a\x04\x0a\x00\x0a\x00"sv,          // subs: a key twice in one entry
      "\x22\x08\x1a\x02\x0a\x00\x1a\x02\x0a\x00"sv,  // subs: two entries of one key
      "\x22\x04\x1a\x02\x08\x01"sv,                  // subs: a key that is a number
      "\x22\x05\x1a\x03\x0a\x01\xff"sv,              // subs: a key that is no UTF-8
      "\x52\x06\x38\x80\x80\x80\x80\x08"sv,          // history: limit 2^31
      "\x2a\x02\x18"sv,                              // subscribe: recover without a number, length beyond
      "\x00\x01"sv,                                  // field 0
      "\x0b\x0c"sv,                                  // a group
      "\x0e"sv,
      "\x0f"sv,                      // wire types that do not exist
      "\x80\x80\x80\x80\x80\x01"sv,  // a field number of more than 29 bits
      "\x99\x06xxxxxxx"sv,
      "\x9d\x06xxx"sv,
      "\x9a\x06\x04xxx"sv,
      "\x98\x06\x80"sv,  // unknown and truncated
  };
  for (const auto bytes : cases) EXPECT_TRUE(refused_bytes(bytes)) << ::testing::PrintToString(bytes);
}

TEST(CentrifugeMalformed, JsonPayload) {
  EXPECT_EQ(*json_payload(" {\"a\" : [1 , 2] , \"\\u0062\": \"x y\" } "), R"({"a":[1,2],"\u0062":"x y"})");
  for (const char* text :
       {"1", "null", "\"\\ud83d\\ude00\"", "[]", "{}", "1e999", "[[],{}]", R"({"a":{"x":1},"b":{"x":1}})"})
    EXPECT_EQ(*json_payload(text), text);
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_TRUE(json_payload(nested(32)));
  EXPECT_FALSE(json_payload(nested(33)));
  EXPECT_FALSE(json_payload(nested(100'000)));
  for (const char* text : {"", " ", "x", "{} {}", "\"\\u0000\"", "\"\\ud800\"", "{\"\\udc00\":1}", "\"\xFF\"", "[1",
                           R"({"a":1,"a":2})", R"([{"a":1,"\u0061":2}])", "{\"a\":1,}"})
    EXPECT_FALSE(json_payload(text)) << text;
}

}  // namespace
}  // namespace chat::centrifuge
