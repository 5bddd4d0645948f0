// A subscription of a chat session, from the command on. For chat_session*.cpp.
#pragma once

#include "api/realtime/chat_session.hpp"
#include "fanout/subscription.hpp"
#include "model/feed.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace chat::api {

// What it is to be, and the commands that await it.
struct ChatSession::Asked {
  explicit Asked(CommandId command) : id(command) {}

  const CommandId id;  // `subscribe`; `connect` when the server subscribes
  std::uint64_t offset = 0;
  std::vector<CommandId> leaving;             // `unsubscribe`s that came meanwhile
  std::vector<std::function<void()>> behind;  // what came after them for this channel: started when it is left
  bool recover = false;
  bool possible = false;  // the position may be of this database
  bool reject_unrecovered = false;
  bool join_leave = false;
  bool has_turn = false;  // among the large replies, see ReplyTurns

  void read(const centrifuge::SubscribeRequest& request, std::string_view epoch) {
    recover = request.recover;
    offset = request.offset;
    possible = request.recover && (request.epoch.empty() || request.epoch == epoch);
    reject_unrecovered = (request.flag & centrifuge::kFlagRejectUnrecovered) != 0;
    join_leave = request.join_leave;
  }
};

struct ChatSession::Channel {
  Channel(fanout::Subscriber& owner, const FeedKey& key, CommandId command, bool by_server)
      : feed(key), server_side(by_server), subscription(owner), asked(std::make_unique<Asked>(command)) {}

  const FeedKey feed;
  const bool server_side;
  fanout::Subscription subscription;
  std::unique_ptr<Asked> asked;  // null: it is subscribed
};

}  // namespace chat::api
