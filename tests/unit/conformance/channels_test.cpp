#include "conformance/channels.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chat::conformance {
namespace {

using namespace centrifuge;

// Writes down what it is told.
class Listener final : public Subscriber {
 public:
  explicit Listener(std::string user, std::string client) {
    info_.user = std::move(user);
    info_.client = std::move(client);
  }
  void on_publication(const Channel&, const Publication& publication, const std::string* before) override {
    heard.push_back(std::to_string(publication.offset) + (before ? " after " + *before : " first"));
  }
  void on_join(const Channel&, const ClientInfo& who) override { heard.push_back("+" + who.client); }
  void on_leave(const Channel&, const ClientInfo& who) override { heard.push_back("-" + who.client); }
  const ClientInfo& info() const noexcept override { return info_; }

  std::vector<std::string> heard;

 private:
  ClientInfo info_;
};

using Heard = std::vector<std::string>;

Channel* channel_of(const std::variant<Channel*, ErrorCode>& found) {
  const auto* channel = std::get_if<Channel*>(&found);
  return channel ? *channel : nullptr;
}
std::optional<ErrorCode> error_of(const std::variant<Channel*, ErrorCode>& found) {
  const auto* code = std::get_if<ErrorCode>(&found);
  return code ? std::optional(*code) : std::nullopt;
}

TEST(Channels, AreMadeOnUseAndStay) {
  Channels channels("e1");
  Channel* channel = channel_of(channels.open("news", "u"));
  ASSERT_TRUE(channel);
  EXPECT_EQ(channel->name(), "news");
  EXPECT_EQ(channel->stream().epoch(), "e1");
  EXPECT_EQ(channel_of(channels.open("news")), channel);
  EXPECT_NE(channel_of(channels.open("other")), channel);
}

TEST(Channels, KeepAsManyPublicationsAsTheirNamespaceSays) {
  Channels channels("e1");
  for (const auto& [name, kept] :
       {std::pair("plain", 100u), {"recovery:x", 100u}, {"delta:x", 100u}, {"smallhistory:x", 2u}}) {
    Channel* channel = channel_of(channels.open(name));
    ASSERT_TRUE(channel) << name;
    for (int i = 0; i < 101; ++i) channel->publish("1", std::nullopt);
    EXPECT_TRUE(channel->stream().after({101 - kept, ""}, 1000)) << name;
    EXPECT_FALSE(channel->stream().after({100 - kept, ""}, 1000)) << name;
  }
}

TEST(Channels, KnowNoOtherNamespaces) {
  Channels channels("e1");
  for (const char* name : {"map:x", ":x", "recoverys:x", "recover:x"}) {
    EXPECT_EQ(error_of(channels.open(name)), ErrorCode::unknown_channel) << name;
  }
  EXPECT_TRUE(channel_of(channels.open("smallhistory")));  // a name like any other
}

TEST(Channels, OfAUserAreForThatUserAlone) {
  Channels channels("e1");
  EXPECT_TRUE(channel_of(channels.open("#ana", "ana")));
  EXPECT_EQ(error_of(channels.open("#ana", "bob")), ErrorCode::permission_denied);
  EXPECT_EQ(error_of(channels.open("#ana", "")), ErrorCode::permission_denied);
  EXPECT_TRUE(channel_of(channels.open("#a:b", "a:b")));  // no namespace
}

TEST(Channel, TellsEverySubscriberWhatFollowsWhat) {
  Channel channel("c", "e1", 100);
  Listener a("u", "a"), b("u", "b");
  channel.add(a);
  channel.publish("one", std::nullopt);
  channel.add(b);
  channel.publish("two", std::nullopt);
  EXPECT_EQ(a.heard, (Heard{"1 first", "2 after one"}));
  EXPECT_EQ(b.heard, (Heard{"2 after one"}));
}

TEST(Channel, TellsWhoComesAndGoes) {
  Channel channel("c", "e1", 100);
  Listener a("u", "a"), b("u", "b"), c("v", "c");
  channel.add(a);
  channel.announce(a);
  channel.add(b);
  channel.announce(b);
  channel.add(c);
  EXPECT_EQ(channel.count_users(), 2u);
  channel.remove(b);
  channel.remove(b);  // it is gone already
  channel.remove(c, /*quietly=*/true);
  EXPECT_EQ(a.heard, (Heard{"+a", "+b", "-b"}));
  EXPECT_EQ(b.heard, (Heard{"+b"}));
  EXPECT_EQ(channel.subscribers().size(), 1u);
  EXPECT_EQ(channel.count_users(), 1u);
}

}  // namespace
}  // namespace chat::conformance
