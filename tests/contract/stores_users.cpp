#include "support/storage_fixture.hpp"

#include <algorithm>
#include <thread>

namespace chat::testing {
namespace {

class UserStoreContract : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Every, UserStoreContract, ::testing::ValuesIn(all_databases()), database_name);

TEST_P(UserStoreContract, GivesBackAUserExactlyAsItWasMade) {
  User user;
  user.id = UserId::make();
  user.name = "O'Brien \"Ünï\" \xF0\x9F\x90\xA2 \\ %s;--";
  user.username = "Ada.Lovelace+x@Example.COM";
  user.password_hash = "$argon2id$v=19$m=65536,t=3,p=4$YWJj$ZGVm";
  user.created_at = *parse_timestamp("2024-02-29 23:59:59.123456");
  take(users().create_user(user));
  const User found = take(users().find_user(user.id));
  EXPECT_EQ(found.id, user.id);
  EXPECT_EQ(found.name, user.name);
  EXPECT_EQ(found.username, user.username);
  EXPECT_EQ(found.password_hash, user.password_hash);
  EXPECT_EQ(found.created_at, user.created_at);
  EXPECT_EQ(found.disabled_at, std::nullopt);
  EXPECT_EQ(found.token_version, 0);
}

TEST_P(UserStoreContract, FindsAUsernameInAnyCase) {
  const User ada = add_user("Ada@Example.com");
  for (const char* spelling : {"Ada@Example.com", "ada@example.com", "ADA@EXAMPLE.COM"})
    EXPECT_EQ(take(users().find_username(spelling)).id, ada.id) << spelling;
  EXPECT_EQ(users().find_username("ada@example.co").error().code, Errc::user_not_found);
  EXPECT_EQ(users().find_user(UserId::make()).error().code, Errc::user_not_found);
}

TEST_P(UserStoreContract, FoldsTheCaseOfEveryScript) {
  const User user = add_user("\xC3\x89mile@example.com");  // É
  EXPECT_EQ(take(users().find_username("\xC3\xA9MILE@example.com")).id, user.id);
}

TEST_P(UserStoreContract, RefusesAUsernameThatDiffersOnlyInCase) {
  add_user("grace@example.com");
  User second;
  second.id = UserId::make();
  second.name = "G";
  second.username = "GRACE@example.com";
  EXPECT_EQ(users().create_user(second).error().code, Errc::user_exists);
}

TEST_P(UserStoreContract, OfSeveralThatRaceForOneNameExactlyOneWins) {
  for (int round = 0; round < 5; ++round) {
    constexpr int kRacers = 6;
    std::array<std::optional<Errc>, kRacers> errors;
    std::vector<std::thread> racers;
    for (int i = 0; i < kRacers; ++i) {
      racers.emplace_back([this, i, round, &errors] {
        User user;
        user.id = UserId::make();
        user.name = "R";
        user.username = (i % 2 ? "racer" : "RACER") + std::to_string(round) + "@example.com";
        user.created_at = system_clock().now();
        const auto made = users().create_user(user);
        if (!made) errors[static_cast<std::size_t>(i)] = made.error().code;
      });
    }
    for (auto& racer : racers) racer.join();
    EXPECT_EQ(std::count(errors.begin(), errors.end(), std::nullopt), 1);
    EXPECT_EQ(std::count(errors.begin(), errors.end(), Errc::user_exists), kRacers - 1);
  }
}

TEST_P(UserStoreContract, ANewPasswordEndsSessions) {
  const User user = add_user("p@example.com");
  take(users().set_password(user.id, "new"));
  EXPECT_EQ(take(users().find_user(user.id)).password_hash, "new");
  EXPECT_EQ(take(users().find_user(user.id)).token_version, 1);
  EXPECT_EQ(users().set_password(UserId::make(), "x").error().code, Errc::user_not_found);
}

TEST_P(UserStoreContract, AHashIsReplacedOnlyWhereItIsStillStored) {
  const User user = add_user("h@example.com");
  take(users().set_password(user.id, "old"));
  EXPECT_TRUE(take(users().replace_hash(user.id, "old", "dearer")));
  EXPECT_EQ(take(users().find_user(user.id)).password_hash, "dearer");
  EXPECT_EQ(take(users().find_user(user.id)).token_version, 1);
  take(users().set_password(user.id, "another"));
  EXPECT_FALSE(take(users().replace_hash(user.id, "dearer", "too late")));
  EXPECT_EQ(take(users().find_user(user.id)).password_hash, "another");
  EXPECT_FALSE(take(users().replace_hash(UserId::make(), "old", "x")));
}

TEST_P(UserStoreContract, DisablingEndsTokensForGood) {
  const User user = add_user("d@example.com");
  take(users().set_disabled(user.id, true));
  const User disabled = take(users().find_user(user.id));
  EXPECT_TRUE(disabled.disabled_at.has_value());
  EXPECT_GT(disabled.token_version, 0);
  take(users().set_disabled(user.id, true));
  EXPECT_EQ(take(users().find_user(user.id)).disabled_at, disabled.disabled_at);
  take(users().set_disabled(user.id, false));
  const User enabled = take(users().find_user(user.id));
  EXPECT_EQ(enabled.disabled_at, std::nullopt);
  EXPECT_GE(enabled.token_version, disabled.token_version);
  EXPECT_EQ(users().set_disabled(UserId::make(), true).error().code, Errc::user_not_found);
}

// The store's writes take the journal's way while there is one: whoever has the answer, the feeds have heard of it.
TEST_P(UserStoreContract, WhatEndsSessionsIsToldBeforeItIsAnswered) {
  const User user = add_user("s@example.com");
  take(users().set_password(user.id, "new"));
  ASSERT_EQ(sink_.events().size(), 1u);
  take(users().set_disabled(user.id, true));
  ASSERT_EQ(sink_.events().size(), 2u);
  take(users().set_disabled(user.id, true));
  take(users().set_disabled(user.id, false));
  take(users().replace_hash(user.id, "new", "dearer"));
  const auto told = sink_.events();
  ASSERT_EQ(told.size(), 2u);
  const EventPage stored = take(history().events_after(FeedKey::user(user.id), Seq(0), {}));
  ASSERT_EQ(stored.events.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(told[i]->feed, FeedKey::user(user.id));
    EXPECT_EQ(told[i]->kind, EventKind::session_ended);
    EXPECT_EQ(told[i]->seq, stored.events[i].seq);
    EXPECT_EQ(told[i]->id, stored.events[i].id);
    EXPECT_EQ(told[i]->at, stored.events[i].at);
    EXPECT_EQ(told[i]->payload, stored.events[i].payload);
  }
  EXPECT_EQ(told[1]->payload, R"({"reason":"disabled","token_version":2})");
}

TEST_P(UserStoreContract, ListsUsersByIdInPages) {
  std::vector<UserId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(add_user("u" + std::to_string(i) + "@example.com").id);
  std::sort(ids.begin(), ids.end());
  const auto first = take(users().list_users(3, std::nullopt));
  ASSERT_EQ(first.size(), 3u);
  const auto rest = take(users().list_users(3, first.back().id));
  ASSERT_EQ(rest.size(), 2u);
  std::vector<UserId> listed;
  for (const auto& user : first) listed.push_back(user.id);
  for (const auto& user : rest) listed.push_back(user.id);
  EXPECT_EQ(listed, ids);
}

TEST_P(UserStoreContract, TellsTheStatusOfThoseThatExist) {
  const User one = add_user("one@example.com"), two = add_user("two@example.com");
  take(users().set_disabled(two.id, true));
  auto found = take(users().user_statuses({two.id, UserId::make(), one.id}));
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, one.id);
  EXPECT_FALSE(found[0].disabled);
  EXPECT_EQ(found[1].id, two.id);
  EXPECT_TRUE(found[1].disabled);
  EXPECT_GT(found[1].token_version, 0);
  EXPECT_TRUE(take(users().user_statuses({})).empty());
}

}  // namespace
}  // namespace chat::testing
