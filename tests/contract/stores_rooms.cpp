#include "support/storage_fixture.hpp"

#include <algorithm>
#include <array>
#include <thread>

namespace chat::testing {
namespace {

class RoomStoreContract : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Every, RoomStoreContract, ::testing::ValuesIn(all_databases()), database_name);

TEST_P(RoomStoreContract, GivesBackARoomWithItsCreatorAsOwner) {
  const User ada = add_user("ada@example.com"), eve = add_user("eve@example.com");
  Room room;
  room.id = RoomId::make();
  room.name = "O'Reilly \xE2\x98\x83";
  room.description = "it's \"quoted\"";
  room.creator_id = ada.id;
  room.created_at = *parse_timestamp("2026-01-02 03:04:05.000006");
  take(rooms().create_room(room));
  const RoomAccess found = take(rooms().find_room(room.id, ada.id));
  EXPECT_EQ(found.room.name, room.name);
  EXPECT_EQ(found.room.description, room.description);
  EXPECT_EQ(found.room.creator_id, ada.id);
  EXPECT_EQ(found.room.created_at, room.created_at);
  EXPECT_EQ(found.room.kind, RoomKind::public_room);
  EXPECT_EQ(found.room.last_seq, Seq(0));
  EXPECT_EQ(found.room.first_seq, Seq(1));
  EXPECT_EQ(found.room.message_count, 0);
  EXPECT_EQ(found.role, MemberRole::owner);
  EXPECT_EQ(take(rooms().find_room(room.id, eve.id)).role, std::nullopt);
  EXPECT_EQ(rooms().find_room(RoomId::make(), ada.id).error().code, Errc::room_not_found);
}

TEST_P(RoomStoreContract, NamesAreUniqueAmongPublicRoomsOnly) {
  const User ada = add_user("ada@example.com");
  add_room(ada, "lobby");
  Room again;
  again.id = RoomId::make();
  again.name = "lobby";
  again.creator_id = ada.id;
  EXPECT_EQ(rooms().create_room(again).error().code, Errc::room_exists);
  again.kind = RoomKind::private_room;
  EXPECT_TRUE(rooms().create_room(again));
  add_room(ada, "Lobby");  // another name
}

TEST_P(RoomStoreContract, OfSeveralThatRaceForOneNameExactlyOneWins) {
  const User ada = add_user("ada@example.com");
  for (int round = 0; round < 5; ++round) {
    constexpr std::size_t kRacers = 6;
    std::array<std::optional<Errc>, kRacers> errors;
    std::vector<std::thread> racers;
    for (std::size_t i = 0; i < kRacers; ++i) {
      racers.emplace_back([this, i, round, &errors, &ada] {
        Room room;
        room.id = RoomId::make();
        room.name = "race " + std::to_string(round);
        room.creator_id = ada.id;
        room.created_at = system_clock().now();
        const auto made = rooms().create_room(room);
        if (!made) errors[i] = made.error().code;
      });
    }
    for (auto& racer : racers) racer.join();
    EXPECT_EQ(std::count(errors.begin(), errors.end(), std::nullopt), 1);
    EXPECT_EQ(std::count(errors.begin(), errors.end(), Errc::room_exists), static_cast<std::ptrdiff_t>(kRacers - 1));
  }
  EXPECT_EQ(take(rooms().list_public_rooms()).size(), 5u);
}

TEST_P(RoomStoreContract, ListsPublicRoomsByAge) {
  const User ada = add_user("ada@example.com");
  std::vector<RoomId> made;
  for (int i = 0; i < 4; ++i) {
    Room room;
    room.id = RoomId::make();
    room.name = "room " + std::to_string(i);
    room.creator_id = ada.id;
    room.created_at = *parse_timestamp("2026-01-01 00:00:00") + std::chrono::seconds(i == 3 ? 0 : 10 - i);
    made.push_back(take(rooms().create_room(room)).id);
  }
  add_room(ada, "secret", RoomKind::private_room);
  std::vector<RoomId> listed;
  for (const Room& room : take(rooms().list_public_rooms())) listed.push_back(room.id);
  EXPECT_EQ(listed, (std::vector<RoomId>{made[3], made[2], made[1], made[0]}));
}

TEST_P(RoomStoreContract, ListsTheRoomsOfAMemberWithHisRoleInPages) {
  const User ada = add_user("ada@example.com"), bob = add_user("bob@example.com");
  const auto change = [&](const Room& room, decltype(FeedCommand::change) what) {
    FeedCommand command;
    command.room_id = room.id;
    command.actor = {Principal::Kind::user, ada.id, ada.name};
    command.change = std::move(what);
    take(execute(std::move(command)));
  };
  std::vector<Room> his;
  for (int i = 0; i < 5; ++i) {
    his.push_back(add_room(ada, "room " + std::to_string(i), i % 2 ? RoomKind::public_room : RoomKind::private_room));
    change(his.back(), AddMember{bob.id, i == 0 ? MemberRole::moderator : MemberRole::member});
  }
  add_room(ada, "hers alone");
  const Room left = add_room(ada, "left");
  change(left, AddMember{bob.id});
  change(left, RemoveMember{bob.id});
  say(his[1], bob, "m");
  std::sort(his.begin(), his.end(), [](const Room& a, const Room& b) { return a.id < b.id; });

  std::vector<RoomAccess> listed = take(rooms().list_member_rooms(bob.id, 2));
  ASSERT_EQ(listed.size(), 2u);
  for (std::size_t more = 2; more > 0;) {
    const auto page = take(rooms().list_member_rooms(bob.id, 2, listed.back().room.id));
    more = page.size();
    listed.insert(listed.end(), page.begin(), page.end());
  }
  ASSERT_EQ(listed.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(listed[i].room.id, his[i].id);
    EXPECT_EQ(listed[i].room.name, his[i].name);
    EXPECT_EQ(listed[i].room.kind, his[i].kind);
    EXPECT_EQ(listed[i].role, his[i].name == "room 0" ? MemberRole::moderator : MemberRole::member);
    EXPECT_EQ(listed[i].room.last_seq, Seq(his[i].name == "room 1" ? 2 : 1));
    EXPECT_EQ(listed[i].room.message_count, his[i].name == "room 1" ? 1 : 0);
  }
  EXPECT_EQ(take(rooms().list_member_rooms(ada.id, 100)).size(), 7u);
  EXPECT_TRUE(take(rooms().list_member_rooms(UserId::make(), 100)).empty());
}

}  // namespace
}  // namespace chat::testing
