// The stores on a MemoryDatabase; each call as the databases answer it.
#pragma once

#include "ports/journal.hpp"
#include "ports/stores.hpp"
#include "storage/memory/memory_database.hpp"

#include <atomic>
#include <memory>

namespace chat::storage {

class MemoryStores final : public UserStore, public RoomStore, public HistoryStore {
 public:
  MemoryStores(std::shared_ptr<MemoryDatabase> database, const Clock& clock)
      : db_(std::move(database)), clock_(clock) {}

  void use_journal(Journal& journal) { journal_ = &journal; }  // as SqlUserStore's

  Result<User> create_user(const User& user) override;
  Result<User> find_user(UserId id) override;
  Result<User> find_username(std::string_view username) override;
  Result<void> set_password(UserId id, std::string_view password_hash) override;
  Result<bool> replace_hash(UserId id, std::string_view from, std::string_view to) override;
  Result<void> set_disabled(UserId id, bool disabled) override;
  Result<std::vector<User>> list_users(std::size_t limit, std::optional<UserId> after) override;
  Result<std::vector<UserStatus>> user_statuses(const std::vector<UserId>& ids) override;

  Result<Room> create_room(const Room& room) override;
  Result<RoomAccess> find_room(RoomId id, UserId viewer) override;
  Result<std::vector<Room>> list_public_rooms() override;
  Result<std::vector<RoomAccess>> list_member_rooms(UserId user, std::size_t limit,
                                                    std::optional<RoomId> after) override;
  Result<std::vector<UnreadCount>> unread_counts(const std::vector<Membership>& pairs) override;
  Result<std::vector<UnreadCount>> unread_rooms(UserId user, std::size_t limit, std::optional<RoomId> after) override;

  Result<HistoryPage> history_page(RoomId room, UserId viewer, std::int64_t page, std::int64_t size) override;
  Result<EventPage> events_after(const FeedKey& feed, Seq after, PageLimit limit) override;
  Result<EventPage> events_before(const FeedKey& feed, Seq before, PageLimit limit) override;
  Result<FeedHead> feed_head(const FeedKey& feed) override;
  Result<Seq> seq_before_last(RoomId room, std::int64_t messages) override;

 private:
  Result<void> carry_out(UserCommand command);
  const MemoryRoom* room_of(RoomId id) const;                         // mutex held
  const EventLog* log_of(const FeedKey& feed, FeedHead& head) const;  // null: no such feed; mutex held
  Event as_read(const Event& event) const;                            // with the actor's present name; mutex held

  const std::shared_ptr<MemoryDatabase> db_;
  const Clock& clock_;
  std::atomic<Journal*> journal_{nullptr};
};

}  // namespace chat::storage
