// A client of the Centrifuge protocol as the fan-out sees it: one connection in many feeds.
#pragma once

#include "world.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace chat::fanout::test {

// A push as the client got it, or the place where the session said something itself.
struct Push {
  std::string kind;  // "pub", "join", "leave", "marker", "close"
  std::string channel;
  std::int64_t offset = 0;
  std::string data;  // of a marker what it says; of a close frame the reason
  std::string user;
  std::string client;
  int code = 0;
};

// One object of the protocol.
Push read_push(centrifuge::Encoding encoding, std::string_view object);

class RealtimeClient final : public Connection {
 public:
  // A subscription from beginning to end, and how it went. Its markers say "begin <n>" and "end <n>".
  struct Stay {
    std::size_t number = 0;
    FeedKey feed;
    Audience audience = Audience::events;
    RecoverFrom from;
    std::optional<Seq> member_as_of;
    std::unique_ptr<Subscription> subscription;  // null: destroyed
    std::optional<Recovery> recovery;
    std::optional<Errc> failed;
    bool left = false, removed = false, lost = false;

    bool over() const noexcept { return left || removed || lost || failed; }
  };

  RealtimeClient(World& world, std::size_t shard, std::string name, WireFormat format);
  ~RealtimeClient() override;

  Stay& subscribe(const FeedKey& feed, RecoverFrom from = {}, Audience audience = Audience::events,
                  std::optional<Seq> member_as_of = std::nullopt);
  void unsubscribe(Stay& stay);
  void say(std::string_view marker);
  bool can_speak() const { return !closed() && socket() && socket()->is_open(); }

  std::vector<std::int64_t> offsets(const FeedKey& feed) const;   // of the publications that came
  std::vector<std::string> of_kind(std::string_view kind) const;  // their channels, users and data

  std::deque<Stay> stays;
  std::vector<Push> received;
  std::string slow, invalidated;  // the hooks that were called

  void on_subscribed(Subscription& subscription, Recovery recovery) override;
  void on_subscribe_failed(Subscription& subscription, const Error& error) override;
  void on_removed(Subscription& subscription) override;
  void on_position_lost(Subscription& subscription) override;
  void on_slow(std::string_view reason) override;
  void on_state_invalidated() override;

 private:
  void take(unsigned char opcode, std::string payload) override;
  Stay& stay_of(const Subscription& subscription);
  void end(Stay& stay);

  const WireFormat format_;
  const centrifuge::Encoding encoding_;
};

}  // namespace chat::fanout::test
