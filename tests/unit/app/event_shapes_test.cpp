// Every kind of event, made by the journal, is what the document's shapes say: each is parsed and written back by its
// shape, and must be the same bytes.
#include "api/asyncapi/event_shapes.hpp"

#include "base/time.hpp"
#include "protocol/event_json.hpp"
#include "storage/storage.hpp"

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <set>

namespace chat::testing {
namespace {

using namespace std::chrono_literals;

struct NoSink final : CommitSink {
  void on_commit(const Commit&) override {}
};

class EventShapes : public ::testing::Test {
 protected:
  EventShapes() { EXPECT_TRUE(storage->start_journal(sink, {})); }
  ~EventShapes() override { storage->stop(1s); }

  Principal user(const std::string& name) {
    User user;
    user.id = UserId::make();
    user.name = name;
    user.username = name + "@example.com";
    user.created_at = system_clock().now();
    EXPECT_TRUE(storage->users().create_user(user));
    return {Principal::Kind::user, user.id, name};
  }

  template <class Work>
  Stored done(const Work& start) {
    auto answer = std::make_shared<std::promise<Result<Stored>>>();
    EXPECT_TRUE(start([answer](Result<Stored> result) { answer->set_value(std::move(result)); }));
    auto result = answer->get_future().get();
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? *result : Stored{};
  }
  void change(const Principal& actor, decltype(FeedCommand::change) what, std::optional<std::string> client_id = {}) {
    FeedCommand command;
    command.room_id = room;
    command.actor = actor;
    command.client_id = std::move(client_id);
    command.change = std::move(what);
    done([&](JournalAnswer answer) { return storage->journal().execute(std::move(command), std::move(answer)); });
  }
  void change(const Principal& whom, decltype(UserCommand::change) what) {
    UserCommand command;
    command.user_id = whom.id;
    command.actor = whom;
    command.change = std::move(what);
    done([&](JournalAnswer answer) { return storage->journal().execute(std::move(command), std::move(answer)); });
  }
  MessageId say(const Principal& author, const std::string& content) {
    AppendMessage message;
    message.room_id = room;
    message.author = author;
    message.client_id = content;
    message.content = content;
    const auto stored =
        done([&](JournalAnswer answer) { return storage->journal().append(std::move(message), std::move(answer)); });
    return MessageId(stored.id);
  }

  // By the name of their kind, what apps would be shown.
  std::multimap<std::string, std::string> shown(const FeedKey& feed) {
    std::multimap<std::string, std::string> out;
    const auto page = storage->history().events_after(feed, Seq(0), {});
    EXPECT_TRUE(page);
    for (const Event& event : page->events) {
      std::string data;
      protocol::append_event_data(data, event);
      out.emplace(event.message ? "message" : to_string(event.kind), std::move(data));
    }
    return out;
  }

  NoSink sink;
  std::unique_ptr<storage::Storage> storage = storage::make_memory_storage();
  RoomId room = RoomId::make();
};

template <class Shape>
void expect_shape(std::multimap<std::string, std::string>& events, const char* name) {
  const auto [first, last] = events.equal_range(name);
  EXPECT_NE(first, last) << "no " << name;
  for (auto it = first; it != last; ++it) {
    const auto parsed = schema::parse_json<Shape>(it->second);
    ASSERT_TRUE(parsed) << it->second << "\n" << (parsed.faults.empty() ? "" : parsed.faults[0].msg);
    EXPECT_EQ(schema::write(parsed.value), it->second);
  }
  events.erase(name);
}

TEST_F(EventShapes, AreWhatTheJournalMakes) {
  const auto ada = user("Ada"), bob = user("Bob");
  Room made;
  made.id = room;
  made.name = "Lobby";
  made.creator_id = ada.id;
  made.created_at = system_clock().now();
  made.kind = RoomKind::private_room;
  ASSERT_TRUE(storage->rooms().create_room(made));

  const auto kept = say(ada, "kept"), gone = say(ada, "gone");
  change(ada, EditMessage{kept, "second \"quoted\"", R"({"a":1})"}, "e1");
  change(ada, EditMessage{kept, "third", std::nullopt});
  change(ada, EditMessage{gone, "soon gone", std::nullopt});
  change(ada, SetReaction{kept, "\xF0\x9F\x91\x8D", true});
  change(ada, SetReaction{kept, "\xF0\x9F\x91\x8D", false});
  change(ada, SetPin{kept, true});
  change(ada, SetPin{kept, false});
  change(ada, DeleteMessage{gone});
  for (const auto role : {MemberRole::member, MemberRole::moderator, MemberRole::admin})
    change(ada, AddMember{bob.id, role});
  change(ada, RemoveMember{bob.id});
  change(ada, AddMember{bob.id, MemberRole::member});
  change(bob, RemoveMember{bob.id});
  change(ada, ChangeRoom{"Hall", std::nullopt});
  change(ada, ChangeRoom{std::nullopt, "Talk."});
  change(bob, EndSessions{});
  change(bob, SetPassword{"$argon2id$x"});
  change(bob, SetDisabled{true});

  auto in_room = shown(FeedKey::room(room));
  api::shape::for_each_room_event([&]<class Shape>(std::type_identity<Shape>, const char* name, const char*) {
    expect_shape<Shape>(in_room, name);
  });
  EXPECT_TRUE(in_room.empty()) << in_room.begin()->second;
  auto of_bob = shown(FeedKey::user(bob.id));
  api::shape::for_each_user_event([&]<class Shape>(std::type_identity<Shape>, const char* name, const char*) {
    expect_shape<Shape>(of_bob, name);
  });
  EXPECT_TRUE(of_bob.empty()) << of_bob.begin()->second;
}

}  // namespace
}  // namespace chat::testing
