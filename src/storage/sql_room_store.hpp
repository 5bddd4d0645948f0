// ports/stores.hpp's RoomStore on either database.
#pragma once

#include "ports/stores.hpp"
#include "storage/connection_pool.hpp"
#include "storage/write_lane.hpp"

namespace chat::storage {

class SqlRoomStore final : public RoomStore {
 public:
  SqlRoomStore(ConnectionPool& readers, WriteLane& writer) : readers_(readers), writer_(writer) {}

  Result<Room> create_room(const Room& room) override;
  Result<RoomAccess> find_room(RoomId id, UserId viewer) override;
  Result<std::vector<Room>> list_public_rooms() override;
  Result<std::vector<RoomAccess>> list_member_rooms(UserId user, std::size_t limit,
                                                    std::optional<RoomId> after) override;
  Result<std::vector<UnreadCount>> unread_counts(const std::vector<Membership>& pairs) override;
  Result<std::vector<UnreadCount>> unread_rooms(UserId user, std::size_t limit, std::optional<RoomId> after) override;

 private:
  ConnectionPool& readers_;
  WriteLane& writer_;
};

}  // namespace chat::storage
