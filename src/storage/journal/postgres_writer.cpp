#include "storage/journal/postgres_writer.hpp"

#include "storage/journal/room_book.hpp"
#include "storage/journal/sql_room_book.hpp"
#include "storage/postgres/pg_array.hpp"
#include "storage_sql.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace chat::journal {

using sql::Cause;
using sql::Failure;
using sql::PgArray;
using sql::Query;
using sql::Value;
namespace text = sql_text;

namespace {

constexpr int kAttempts = 3;  // of what may go well the next time: deadlocks, duplicates that race

Stored stored_at(const sql::Row& row, int column) {
  return {row.uuid(column), Seq(row.integer(column + 1)), Ordinal(row.integer(column + 2)), row.time(column + 3), true};
}

bool is_settled(const WriteItem& item) { return item.fate != Fate::untried; }

}  // namespace

PostgresWriter::PostgresWriter(storage::PgWriterSource source, const JournalOptions& options, const Clock& clock)
    : source_(std::move(source)),
      options_(options),
      clock_(clock),
      lock_wait_(std::to_string(options.room_lock_wait.count())) {}

Result<void> PostgresWriter::open() {
  const auto away = [](const Failure& failure) {
    return Error(Errc::unavailable, failure.message.empty() ? to_string(failure.cause) : failure.message);
  };
  if (!db_ || db_->broken()) {
    db_.reset();
    auto opened = source_();
    if (!opened) return away(opened.error());
    db_ = std::move(*opened);
  }
  if (!must_probe_) return {};
  if (auto written = probe(); !written) {
    db_->rollback();
    return away(written.error());
  }
  must_probe_ = false;
  return {};
}

// As much as a few batches take, in new pages of the database's own disk, and gone at the commit.
sql::Outcome<void> PostgresWriter::probe() {
  auto begun = db_->begin(sql::Access::write);
  if (!begun) return begun;
  auto written = db_->script(text::kJournalProbePostgresSql);
  if (!written) return written;
  return db_->commit();
}

FlightReport PostgresWriter::write(std::span<WriteItem> items) {
  report_ = {};
  looked_again_ = false;
  blocked_.clear();
  if (items.front().is_command())
    write_command(items.front());
  else
    write_messages(items);
  return std::move(report_);
}

// ---- commands ----

void PostgresWriter::write_command(WriteItem& item) {
  const Items one{&item};
  auto begun = db_->begin(sql::Access::write);
  if (!begun) return after_failure(one, begun.error(), kAttempts);
  auto limited = db_->execute(Query(text::kJournalLockWaitPostgresSql), {lock_wait_});
  const auto failure = limited ? carry_out(item, *db_, clock_.now()) : limited.error();
  if (failure) {
    db_->rollback();
    item.undo(Fate::untried);
    return after_failure(one, *failure, kAttempts);
  }
  // What a look finds was committed, but perhaps on this server only: the commit of our lock waits for its standby too.
  if (!item.changed && !item.look_first) return db_->rollback();
  auto committed = db_->commit();
  if (committed) return;
  const bool lost = committed.error().cause == Cause::connection_lost;
  db_->rollback();
  item.undo(lost ? Fate::unsure : Fate::untried);
  lost ? fail(committed.error()) : after_failure(one, committed.error(), kAttempts);
}

// ---- messages ----

void PostgresWriter::write_messages(std::span<WriteItem> items) {
  Items to_send = look_first(items);
  Items known;
  for (WriteItem* item : to_send)
    if (looks_first(*item->message)) known.push_back(item);
  if (!known.empty()) answer_known_keys(known);
  send(std::move(to_send), 0);
}

bool PostgresWriter::looks_first(const AppendMessage& message) {
  if (!message.client_id || lookup_until_.empty()) return false;
  // Each was put down once for each time it was put off, in the order of time: what is over is taken off the front.
  const auto now = clock_.steady();
  while (!lookups_.empty() && lookups_.front().until <= now) {
    const auto user = lookup_until_.find(lookups_.front().user);
    if (user != lookup_until_.end() && user->second <= now) lookup_until_.erase(user);
    lookups_.pop_front();
  }
  return lookup_until_.contains(message.author.id);
}

void PostgresWriter::look_first_from_now_on(UserId user) {
  const auto until = clock_.steady() + options_.lookup_first;
  auto& known = lookup_until_[user];
  if (known == until) return;
  known = until;
  lookups_.push_back({until, user});
}

// Settles what an earlier flight may have stored; answers what is to be sent.
PostgresWriter::Items PostgresWriter::look_first(std::span<WriteItem> items) {
  std::unordered_map<RoomId, Items> doubtful;
  for (WriteItem& item : items)
    if (item.look_first) doubtful[item.message->room_id].push_back(&item);
  for (const auto& [room, of_room] : doubtful)
    if (report_.away.empty() && !look_up(of_room)) blocked_.insert(room);
  Items rest;
  for (WriteItem& item : items)
    if (!is_settled(item)) rest.push_back(&item);
  return rest;
}

// The former backend may still be committing: the room's lock waits for it, and only then absence means "not stored".
bool PostgresWriter::look_up(const Items& of_room) {
  const RoomId room = of_room.front()->message->room_id;
  PgArray rooms = PgArray::of_uuids(), all_rooms = PgArray::of_uuids(), ids = PgArray::of_uuids();
  rooms.add(room.value);
  for (const WriteItem* item : of_room) {
    all_rooms.add(room.value);
    ids.add(item->message->id.value);
  }
  PgFlight flight(*db_);
  flight.add(Query(text::kJournalLockWaitPostgresSql), {Value(lock_wait_)});
  flight.add(Query(text::kJournalLockRoomPostgresSql), {rooms.value()});
  flight.add(Query(text::kJournalFindMessagesPostgresSql), {all_rooms.value(), ids.value()});
  switch (flight.fly()) {
    case PgFlight::End::committed:
      break;
    case PgFlight::End::failed:
      after_failed_look_up(of_room, flight.failure());
      return false;
    case PgFlight::End::not_sent:
    case PgFlight::End::unsure:
      fail(flight.failure());
      return false;
  }
  for (int i = 0; i < flight.rows(2); ++i) {
    const sql::PgRow row = flight.row(2, i);
    WriteItem& item = *of_room[static_cast<std::size_t>(row.integer(0) - 1)];
    item.fate = Fate::stored;
    item.stored = stored_at(row, 1);
  }
  return true;
}

// Nothing of it is sent again, or halved and sent again: what may be stored stays in doubt until a look-up succeeds.
void PostgresWriter::after_failed_look_up(const Items& of_room, const Failure& failure) {
  switch (failure.cause) {
    case Cause::connection_lost:
    case Cause::disk_full:
    case Cause::io_error:
    case Cause::read_only:
    case Cause::corrupt:
      return after_failure(of_room, failure, kAttempts);
    case Cause::busy:
    case Cause::timeout:
      return leave(of_room, Fate::busy);
    case Cause::unique:
    case Cause::constraint:
    case Cause::data:
    case Cause::bug:
      break;
  }
  if (db_->broken()) return fail(failure);
  log_error("journal_look_up_failed", {{"code", failure.code}, {"reason", failure.message}});
  leave(of_room, Fate::busy);
}

void PostgresWriter::answer_known_keys(const Items& items) {
  Items keyed;
  PgArray rooms = PgArray::of_uuids(), users = PgArray::of_uuids(), keys = PgArray::of_texts();
  for (WriteItem* item : items) {
    const AppendMessage& m = *item->message;
    if (!m.client_id || !is_text(*m.client_id)) continue;
    keyed.push_back(item);
    rooms.add(m.room_id.value);
    users.add(m.author.id.value);
    keys.add(std::string_view(*m.client_id));
  }
  if (keyed.empty()) return;
  auto visit = [&](const sql::Row& row) {
    WriteItem& item = *keyed[static_cast<std::size_t>(row.integer(0) - 1)];
    item.stored = stored_at(row, 1);
    // Its own row: the backend that we had lost has committed it after all, and nobody was told yet.
    const bool own = item.look_first && item.stored.id == item.message->id.value;
    item.fate = own ? Fate::stored : Fate::repeated;
    if (!own) look_first_from_now_on(item.message->author.id);
  };
  auto found =
      db_->each(Query(text::kJournalFindClientIdsPostgresSql), {rooms.value(), users.value(), keys.value()}, visit);
  if (!found && found.error().cause == Cause::connection_lost) fail(found.error());
}

PostgresWriter::Items PostgresWriter::without_blocked(const Items& items) {
  Items open;
  for (WriteItem* item : items) {
    if (is_settled(*item)) continue;
    if (!blocked_.contains(item->message->room_id)) open.push_back(item);
  }
  return open;
}

// A flight of `items`, and whatever its end asks for. What stays untried goes back to the lane.
void PostgresWriter::send(Items items, int attempt) {
  items = without_blocked(items);
  if (items.empty() || !report_.away.empty() || !report_.halted.empty()) return;

  PgArray rooms = PgArray::of_uuids(), users = PgArray::of_uuids(), ids = PgArray::of_uuids();
  PgArray kinds = PgArray::of_texts(), keys = PgArray::of_texts(), contents = PgArray::of_texts();
  PgArray metadata = PgArray::of_texts(), replies = PgArray::of_uuids(), threads = PgArray::of_integers();
  PgArray services = PgArray::of_booleans();
  std::unordered_set<RoomId> distinct;
  PgArray to_lock = PgArray::of_uuids();
  for (const WriteItem* item : items) {
    const AppendMessage& m = *item->message;
    if (distinct.insert(m.room_id).second) to_lock.add(m.room_id.value);
    rooms.add(m.room_id.value);
    users.add(m.author.id.value);
    ids.add(m.id.value);
    kinds.add(std::string_view(to_string(m.kind)));
    m.client_id ? keys.add(std::string_view(*m.client_id)) : keys.add_null();
    contents.add(std::string_view(m.content));
    m.metadata ? metadata.add(std::string_view(*m.metadata)) : metadata.add_null();
    m.reply_to ? replies.add(m.reply_to->value) : replies.add_null();
    m.thread_root_seq ? threads.add(m.thread_root_seq->value) : threads.add_null();
    services.add_boolean(m.author.kind == Principal::Kind::service);
  }
  const Timestamp now = clock_.now();
  PgFlight flight(*db_);
  // One room waits for whoever holds it; of several the free ones do not wait for the others.
  const bool alone = distinct.size() == 1;
  if (alone) flight.add(Query(text::kJournalLockWaitPostgresSql), {Value(lock_wait_)});
  flight.add(Query(alone ? text::kJournalLockRoomPostgresSql : text::kJournalLockRoomsPostgresSql), {to_lock.value()});
  flight.add(Query(text::kJournalRaiseHeadsPostgresSql), {rooms.value(), users.value(), services.value()});
  flight.add(Query(text::kJournalInsertMessagesPostgresSql),
             {rooms.value(), users.value(), ids.value(), kinds.value(), keys.value(), contents.value(),
              metadata.value(), replies.value(), threads.value(), Value(now), services.value()});
  switch (flight.fly()) {
    case PgFlight::End::committed:
      return read_numbers(flight, items, now);
    case PgFlight::End::failed:
      return after_failure(items, flight.failure(), attempt);
    case PgFlight::End::not_sent:
      return fail(flight.failure());
    case PgFlight::End::unsure:
      leave(items, Fate::unsure);
      return fail(flight.failure());
  }
}

void PostgresWriter::read_numbers(const PgFlight& flight, const Items& items, Timestamp now) {
  const std::size_t last = flight.statements() - 1;
  Items refused;
  for (int i = 0; i < flight.rows(last); ++i) {
    const sql::PgRow row = flight.row(last, i);
    WriteItem& item = *items[static_cast<std::size_t>(row.integer(0) - 1)];
    const bool locked = row.boolean(1), there = row.boolean(2), allowed = row.boolean(3);
    if (locked && allowed) {
      item.fate = Fate::stored;
      item.stored = {item.message->id.value, Seq(row.integer(4)), Ordinal(row.integer(5)), now, false};
    } else if (!there) {
      item.refuse(Errc::room_not_found, "no such room");
    } else if (!locked) {
      leave({&item}, Fate::busy);
    } else {
      item.refuse(Errc::forbidden, "not a member of this room");
      refused.push_back(&item);
    }
  }
  // Whoever was removed since still gets the first answer to what he sent before.
  if (!refused.empty()) answer_known_keys(refused);
}

// ---- what went wrong ----

void PostgresWriter::after_failure(const Items& items, const Failure& failure, int attempt) {
  switch (failure.cause) {
    case Cause::unique:
      return after_duplicate(items, failure, attempt);
    case Cause::constraint:
    case Cause::data:
      return halve(items, "the database refused the data");
    case Cause::busy:
      // 55P03 in the flight of one room: somebody holds it. Deadlocks and serialization failures: again.
      if (failure.code == "55P03" || items.front()->is_command()) return leave(items, Fate::busy);
      if (attempt + 1 < kAttempts)
        send(items, attempt + 1);
      else
        leave(items, Fate::busy);
      return;
    case Cause::timeout:
      return leave(items, Fate::busy);
    case Cause::corrupt:
      log_error("journal_corrupt", {{"code", failure.code}, {"reason", failure.message}});
      report_.halted = "the database is damaged (" + failure.code + ")";
      return;
    case Cause::connection_lost:
    case Cause::disk_full:
    case Cause::io_error:
    case Cause::read_only:
      return fail(failure);
    case Cause::bug:
      break;
  }
  if (db_->broken()) return fail(failure);  // a plan that no longer fits: a new connection makes its own
  log_error("journal_statement_failed", {{"code", failure.code}, {"reason", failure.message}});
  for (WriteItem* item : items) item->refuse(Errc::internal, "the change could not be stored");
}

void PostgresWriter::after_duplicate(const Items& items, const Failure& failure, int attempt) {
  if (items.front()->is_command()) return after_duplicate_command(*items.front(), failure);
  if (failure.constraint == "messages_client_id") {
    if (attempt >= kAttempts) return halve(items, "its client_id was taken meanwhile");
    // All keys of the batch in one query; whose repeats they were is looked up first from now on.
    answer_known_keys(items);
    return send(items, attempt + 1);
  }
  const auto doubtful = [](const WriteItem* item) { return item->look_first; };
  if (failure.constraint == "messages_id" && attempt < kAttempts && std::any_of(items.begin(), items.end(), doubtful)) {
    // The backend we had lost came to its COMMIT only after our look-up.
    std::unordered_map<RoomId, Items> rooms;
    for (WriteItem* item : items)
      if (item->look_first) rooms[item->message->room_id].push_back(item);
    for (const auto& [room, of_room] : rooms)
      if (!look_up(of_room)) blocked_.insert(room);
    return send(items, attempt + 1);
  }
  log_error("journal_corrupt", {{"constraint", failure.constraint}, {"code", failure.code}});
  report_.halted = "two messages claim one place (" + failure.constraint + ")";
}

// Its number or id is taken. By itself, where the backend we had lost came to its COMMIT only after our look: looked up
// once more. Otherwise two changes claim one place, as messages may not either.
void PostgresWriter::after_duplicate_command(WriteItem& item, const Failure& failure) {
  const std::string& name = failure.constraint;
  const bool place = name.starts_with("room_events_") || name.starts_with("user_events_");
  if (!place || name == "room_events_client_id")
    return item.refuse(Errc::invalid, "the change contradicts another one");
  if (!looked_again_) {
    looked_again_ = true;
    item.look_first = true;
    return write_command(item);
  }
  log_error("journal_corrupt", {{"constraint", name}, {"code", failure.code}});
  report_.halted = "two changes claim one place (" + name + ")";
}

void PostgresWriter::halve(const Items& items, const char* why) {
  if (items.size() == 1) return items.front()->refuse(Errc::invalid, why);
  const auto middle = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
  send(Items(items.begin(), middle), 0);
  send(Items(middle, items.end()), 0);
}

void PostgresWriter::leave(const Items& items, Fate fate) {
  for (WriteItem* item : items) {
    if (is_settled(*item)) continue;
    item->fate = fate;
    if (item->message) blocked_.insert(item->message->room_id);
  }
}

void PostgresWriter::fail(const Failure& failure) {
  report_.away = std::string(to_string(failure.cause)) + (failure.code.empty() ? "" : " (" + failure.code + ")");
  if (!failure.message.empty()) report_.away += ": " + failure.message;
  must_probe_ = must_probe_ || failure.cause == Cause::disk_full || failure.cause == Cause::io_error;
  if (failure.cause == Cause::read_only) db_->mark_broken();  // a standby now: somebody else is the primary
}

}  // namespace chat::journal
