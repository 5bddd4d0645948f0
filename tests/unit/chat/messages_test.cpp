// What may be sent, how often, and what the journal's answers become.
#include "chat/messages.hpp"

#include "support/fake_journal.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

#include <boost/asio/this_coro.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace chat::testing {
namespace {

using namespace std::chrono_literals;

struct Sending {
  explicit Sending(MessagesOptions options = {}) : messages(journal, clock, options) {
    journal.on_append = [](const AppendMessage& message) -> Result<Stored> {
      return Stored{message.id.value, Seq(7), Ordinal(5), Timestamp{}, false};
    };
  }

  Result<Stored> send(NewMessage message) { return run(messages.send(ada, std::move(message), {2, 11})); }
  Errc refused(NewMessage message) {
    const auto answer = send(std::move(message));
    return answer ? Errc::internal : answer.error().code;
  }
  NewMessage a_message(std::string content = "hello") const { return {room, std::move(content), {}, {}, {}}; }

  ManualClock clock;
  FakeJournal journal;
  Messages messages;
  Principal ada{Principal::Kind::user, UserId::make(), "Ada"};
  RoomId room = RoomId::make();
};

TEST(Messages, ReachTheJournalAsTheyAre) {
  Sending sending;
  auto message = sending.a_message(" hi ");
  message.client_id = "c-1";
  message.metadata = R"({"a":1})";
  message.reply_to = MessageId::make();
  const auto stored = sending.send(message);
  ASSERT_TRUE(stored);
  ASSERT_EQ(sending.journal.messages.size(), 1u);
  const auto& taken = sending.journal.messages[0];
  EXPECT_EQ(stored->id, taken.id.value);
  EXPECT_EQ(stored->seq, Seq(7));
  EXPECT_EQ(taken.room_id, sending.room);
  EXPECT_EQ(taken.author.id, sending.ada.id);
  EXPECT_EQ(taken.author.name, "Ada");
  EXPECT_EQ(taken.content, " hi ");
  EXPECT_EQ(taken.client_id, "c-1");
  EXPECT_EQ(taken.metadata, R"({"a":1})");
  EXPECT_EQ(taken.reply_to, message.reply_to);
  EXPECT_EQ(taken.origin, (Origin{2, 11}));
  EXPECT_FALSE(taken.patient) << "its sender waits for the answer";
}

TEST(Messages, AreJudgedBeforeTheJournalIsAsked) {
  Sending sending({.max_content_bytes = 5});
  EXPECT_EQ(sending.refused(sending.a_message("")), Errc::invalid);
  EXPECT_EQ(sending.refused(sending.a_message("123456")), Errc::too_large);
  const auto with_client_id = [&](std::string id) {
    auto message = sending.a_message();
    message.client_id = std::move(id);
    return message;
  };
  const auto with_metadata = [&](std::string json) {
    auto message = sending.a_message();
    message.metadata = std::move(json);
    return message;
  };
  EXPECT_EQ(sending.refused(with_client_id("")), Errc::invalid);
  EXPECT_EQ(sending.refused(with_client_id(std::string(65, 'x'))), Errc::invalid);
  EXPECT_EQ(sending.refused(with_metadata("")), Errc::invalid);
  EXPECT_EQ(sending.refused(with_metadata('"' + std::string(8191, 'x') + '"')), Errc::invalid);
  EXPECT_TRUE(sending.journal.messages.empty());
  EXPECT_TRUE(sending.send(sending.a_message("12345")));
  EXPECT_TRUE(sending.send(with_client_id(std::string(64, 'x'))));
  EXPECT_TRUE(sending.send(with_metadata('"' + std::string(8190, 'x') + '"')));
}

TEST(Messages, HaveOneRateForAUserWhateverWayTheyCome) {
  Sending sending({.messages = {2, 2}});
  EXPECT_TRUE(sending.messages.take_share(sending.ada.id).allowed) << "a room socket's";
  EXPECT_TRUE(sending.send(sending.a_message()));
  const auto over = sending.send(sending.a_message());
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::rate_limited);
  EXPECT_EQ(over.error().retry.limit, 2);
  EXPECT_EQ(over.error().retry.after, 1s);
  EXPECT_FALSE(sending.messages.take_share(sending.ada.id).allowed);
  EXPECT_TRUE(sending.messages.take_share(UserId::make()).allowed);
  EXPECT_EQ(sending.journal.messages.size(), 1u);
  sending.clock.advance(1s);
  EXPECT_TRUE(sending.send(sending.a_message()));
}

TEST(Messages, ThatTheJournalHasNoRoomForCostNothing) {
  Sending sending({.messages = {1, 1}});
  sending.journal.full = true;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sending.refused(sending.a_message()), Errc::overloaded);
  sending.journal.full = false;
  EXPECT_TRUE(sending.send(sending.a_message()));
  EXPECT_EQ(sending.refused(sending.a_message()), Errc::rate_limited);
}

TEST(Messages, GiveTheJournalsRefusalsOn) {
  Sending sending;
  for (const auto code : {Errc::forbidden, Errc::room_not_found, Errc::unavailable, Errc::outcome_unknown}) {
    sending.journal.on_append = [code](const AppendMessage&) -> Result<Stored> { return Error{code}; };
    EXPECT_EQ(sending.refused(sending.a_message()), code);
  }
}

TEST(Messages, ResumeTheSenderAtHomeWhereverTheAnswerComesFrom) {
  Sending sending;
  sending.journal.on_append = nullptr;
  std::thread lane;
  const auto home = std::this_thread::get_id();
  const auto send = [&]() -> boost::asio::awaitable<bool> {
    co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
    lane = std::thread([&sending] {
      while (sending.journal.taken() == 0) std::this_thread::yield();
      sending.journal.answers[0](Stored{});
    });
    NewMessage message = sending.a_message();
    const auto stored = co_await sending.messages.send(sending.ada, std::move(message), {});
    co_return stored.has_value() && std::this_thread::get_id() == home;
  };
  EXPECT_TRUE(run(send()));
  lane.join();
}

}  // namespace
}  // namespace chat::testing
