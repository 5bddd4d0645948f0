// Both sides of the Centrifuge codecs' tests: ours, and the code that protoc makes of the schema.
#pragma once

#include "protocol/centrifuge_codec.hpp"

#include <centrifuge.pb.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace chat::centrifuge {

inline constexpr Encoding kEncodings[] = {Encoding::json, Encoding::protobuf};

// A Protobuf message with its length before it.
inline std::string delimited(std::string_view message) {
  std::string out;
  append_joined(out, Encoding::protobuf, message);
  return out;
}
inline std::string delimited(const google::protobuf::MessageLite& message) {
  return delimited(message.SerializeAsString());
}

struct ReadAll {
  std::vector<Command> commands;
  bool refused = false;  // after those
  std::string why;
};
inline ReadAll read_all(Encoding encoding, std::string_view frame) {
  ReadAll all;
  CommandReader reader(encoding, frame);
  while (auto next = reader.next()) {
    if (!next->has_value()) {
      EXPECT_EQ(next->error().code, Errc::invalid);
      all.refused = true;
      all.why = next->error().message;
      EXPECT_FALSE(reader.next()) << "nothing comes after an error";
      break;
    }
    all.commands.push_back(std::move(**next));
  }
  return all;
}

// The one command of a frame that holds an `M`; a failure and a default one if it is anything else.
template <class M>
M only(Encoding encoding, std::string_view frame, std::uint32_t id = 7) {
  auto all = read_all(encoding, frame);
  EXPECT_FALSE(all.refused) << all.why << " in " << frame;
  if (all.commands.size() != 1 || !std::holds_alternative<M>(all.commands[0].method)) {
    ADD_FAILURE() << "not one command of that kind: " << frame;
    return {};
  }
  EXPECT_EQ(all.commands[0].id, id);
  return std::get<M>(std::move(all.commands[0].method));
}

inline bool refused(Encoding encoding, std::string_view frame) { return read_all(encoding, frame).refused; }

template <class R>
std::string reply(Encoding encoding, std::uint32_t id, const R& result) {
  std::string out;
  append_reply(out, encoding, id, result);
  return out;
}
inline std::string error_reply(Encoding encoding, std::uint32_t id, const ErrorObject& error) {
  std::string out;
  append_error(out, encoding, id, error);
  return out;
}
template <class P>
std::string push(Encoding encoding, std::string_view channel, const P& what) {
  std::string out;
  append_push(out, encoding, channel, what);
  return out;
}

// The reply as the generated code reads it.
inline wire::Reply parsed(const std::string& object) {
  wire::Reply reply;
  EXPECT_TRUE(reply.ParseFromString(object));
  return reply;
}

}  // namespace chat::centrifuge
