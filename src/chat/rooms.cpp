#include "chat/rooms.hpp"

#include <utility>

namespace chat {
namespace {

std::string_view key_of(const UserId& id) {
  return {reinterpret_cast<const char*>(id.value.bytes.data()), id.value.bytes.size()};
}

}  // namespace

Rooms::Rooms(RoomStore& rooms, HistoryStore& history, BlockingPool& read_pool, BlockingPool& write_pool,
             const Clock& clock, RoomsOptions options, Created created)
    : rooms_(rooms),
      pages_(history, read_pool),
      read_pool_(read_pool),
      write_pool_(write_pool),
      clock_(clock),
      creations_(options.creations, options.rate_entries),
      created_(std::move(created)) {}

boost::asio::awaitable<Result<Room>> Rooms::create(Principal creator, NewRoom wanted) {
  const auto decision = creations_.take(key_of(creator.id), clock_.steady());
  if (!decision.allowed) {
    co_return Error{Errc::rate_limited, "too many rooms",
                    RetryHint{std::chrono::seconds(decision.retry_after_seconds()), decision.limit}};
  }
  Room room;
  room.id = RoomId::make();
  room.name = std::move(wanted.name);
  room.description = std::move(wanted.description);
  room.creator_id = creator.id;
  room.created_at = clock_.now();
  auto work = [&rooms = rooms_, room = std::move(room)] { return rooms.create_room(room); };
  auto made = co_await run_on(write_pool_, std::move(work));
  if (made && created_) created_(*made);
  co_return made;
}

boost::asio::awaitable<Result<std::vector<Room>>> Rooms::list() {
  co_return co_await run_on(read_pool_, [&rooms = rooms_] { return rooms.list_public_rooms(); });
}

boost::asio::awaitable<Result<HistoryPage>> Rooms::history(RoomId room, UserId viewer, std::int64_t page,
                                                           std::int64_t size) {
  return pages_.read({room, viewer, page, size});
}

boost::asio::awaitable<Result<RoomAccess>> Rooms::enter(RoomId room, UserId user) {
  auto access = co_await run_on(read_pool_, [&rooms = rooms_, room, user] { return rooms.find_room(room, user); });
  if (access && access->room.kind != RoomKind::public_room && !access->role)
    co_return Error{Errc::forbidden, "not a member of this room"};
  co_return access;
}

}  // namespace chat
