// What the dialects' tests share: bytes as a server sends them, and a dialect that is given them in two reads.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "load/dialect.hpp"
#include "load/websocket.hpp"

namespace load {

using Kind = Event::Kind;

inline const std::string kUpgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Request-Id: 01a2\r\n\r\n";

inline std::string frame(std::string_view payload, std::uint8_t opcode = kText) {
  std::string out;
  out += static_cast<char>(0x80 | opcode);
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += '\x7e';
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 255);
  }
  return out.append(payload);
}

inline std::string stamped(const Stamp& stamp) {
  std::string out;
  append_stamp(out, stamp);
  return out + "xxxx";
}

struct Heard {
  std::vector<Event> events;
  std::vector<std::string> texts;
  std::string said;  // what the dialect answered
};

// The bytes in two reads, cut at `cut`.
inline Heard hear(Dialect& dialect, const Role& role, const std::string& wire, std::size_t cut) {
  Heard heard;
  Session session{role};
  std::string hello, unread;
  dialect.hello(session, hello);
  for (const std::string& part : {wire.substr(0, cut), wire.substr(cut)}) {
    unread += part;
    std::vector<Event> events;
    const std::size_t used = dialect.parse(session, unread, heard.said, events);
    for (Event& e : events) {
      heard.texts.emplace_back(e.text);
      e.text = {};
      heard.events.push_back(e);
    }
    unread.erase(0, used);
  }
  EXPECT_TRUE(unread.empty()) << cut;
  return heard;
}

inline void expect_kinds(const Heard& heard, const std::vector<Kind>& kinds, std::size_t cut) {
  ASSERT_EQ(heard.events.size(), kinds.size()) << cut;
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(heard.events[i].kind, kinds[i]) << i << " cut at " << cut;
}

}  // namespace load
