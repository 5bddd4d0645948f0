// `DATABASE_URL=memory:`: the tables as plain containers, gone with the process. For tests and benchmarks.
//
// Thread-safe through `mutex`: the stores read under a shared lock, the journal's lane and the stores' writes take it
// alone.
#pragma once

#include "base/siphash.hpp"
#include "model/event.hpp"
#include "model/room.hpp"
#include "model/user.hpp"
#include "storage/journal/feed_writer.hpp"
#include "storage/journal/room_book.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace chat::storage {

using EventLog = std::deque<Event>;  // grows without moving what is there

struct MemoryMember {
  MemberRole role = MemberRole::member;
  Seq joined_seq;
  std::int64_t read_ordinal = 0;
};

struct MemoryRoom {
  using Key = std::pair<UserId, std::string>;  // who, client_id
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<UserId>{}(key.first) ^ SecretHash()(key.second);
    }
  };

  Room room;
  std::map<UserId, MemoryMember> members;
  EventLog log;                 // [seq - 1]; creations with their message's current state
  std::vector<Seq> by_ordinal;  // [ordinal - 1]
  boost::unordered_flat_map<Uuid, Seq, std::hash<Uuid>> by_id;  // of messages and events alike
  boost::unordered_flat_map<Key, Seq, KeyHash> message_keys, event_keys;
  std::set<std::tuple<Seq, UserId, std::string>> reactions;
  std::map<Seq, UserId> pins;

  Event& at(Seq seq) { return log[static_cast<std::size_t>(seq.value - 1)]; }
  const Event& at(Seq seq) const { return log[static_cast<std::size_t>(seq.value - 1)]; }
  bool may_enter(UserId user) const { return room.kind == RoomKind::public_room || members.contains(user); }
};

struct MemoryDatabase {
  mutable std::shared_mutex mutex;  // guards all below
  std::map<UserId, User> users;
  std::unordered_map<std::string, UserId> by_username;
  std::unordered_map<std::string, UserId> by_folded;
  std::unordered_map<RoomId, MemoryRoom> rooms;
  std::unordered_map<UserId, EventLog> user_logs;  // [seq - 1]
};

// Carries out a command of either kind; the mutex is held.
void carry_out_in_memory(journal::WriteItem& item, MemoryDatabase& database, Timestamp now);

// Messages and commands on it, with what the databases do.
std::unique_ptr<journal::FeedWriter> make_memory_writer(std::shared_ptr<MemoryDatabase> database, const Clock& clock);

}  // namespace chat::storage
