#include "storage/journal/sqlite_writer.hpp"

#include "storage/journal/room_book.hpp"
#include "storage/journal/room_rules.hpp"
#include "storage/journal/sql_room_book.hpp"
#include "storage_sql.hpp"
#include "telemetry/log.hpp"

#include <unistd.h>

namespace chat::journal {

using sql::Cause;
using sql::Failure;
using sql::Outcome;
using sql::Query;
using sql::Row;
namespace text = sql_text;

namespace {

constexpr const char* kStuck = "a transaction cannot be rolled back: only recovery can say what was stored";

bool is_fatal(const Failure& failure) { return failure.cause == Cause::io_error; }

std::string at_commit_reason(const Failure& failure) {
  return "I/O error at commit (" + failure.code + "): only recovery can say what was stored";
}

}  // namespace

void leave_at_once(const std::string& reason) {
  log_error("fatal", {{"reason", reason}});
  stop_logging(std::chrono::milliseconds(500));
  _exit(70);
}

SqliteWriter::SqliteWriter(std::unique_ptr<sql::Connection> connection, const JournalOptions& options,
                           const Clock& clock)
    : db_(std::move(connection)), options_(options), clock_(clock) {}

Result<void> SqliteWriter::open() {
  if (!must_probe_) return {};
  if (!undone()) (void)die({}, kStuck);
  // A value of no meaning to anybody, another each time: SQLite does not write a page that stays as it is.
  static constexpr const char* kProbes[] = {"PRAGMA user_version = 1", "PRAGMA user_version = 0"};
  auto begun = db_->begin(sql::Access::write);
  if (!begun) return sql::to_error(begun.error());
  auto written = db_->script(kProbes[probe_ % 2]);
  const bool at_commit = written.has_value();
  if (written) written = db_->commit();
  if (written) ++probe_;
  if (!written) {
    if (at_commit && is_fatal(written.error())) (void)die({}, at_commit_reason(written.error()));
    if (!undone()) (void)die({}, kStuck);
    return sql::to_error(written.error());
  }
  must_probe_ = false;
  return {};
}

bool SqliteWriter::undone() {
  db_->rollback();
  return !db_->broken() && !db_->in_transaction();
}

// Only recovery can say what the file holds. Whoever may go on after `fatal` (tests) finds the lane halted.
FlightReport SqliteWriter::die(std::span<WriteItem> items, const std::string& reason) {
  options_.fatal ? options_.fatal(reason) : leave_at_once(reason);
  for (WriteItem& item : items) item.refuse(Errc::outcome_unknown, "the commit failed");
  return {.away = {}, .halted = reason};
}

FlightReport SqliteWriter::write(std::span<WriteItem> items) {
  if (db_->in_transaction() && !undone()) return die(items, kStuck);  // left by another write of the process
  if (auto begun = db_->begin(sql::Access::write); !begun) return failed(items, begun.error(), false);
  const Timestamp now = clock_.now();
  const Outcome<void> done = items.front().is_command() ? carry_out_command(items.front(), now) : store_all(items, now);
  if (!done) return failed(items, done.error(), false);
  bool changed = false;
  for (const WriteItem& item : items) changed |= item.fate == Fate::stored && (item.message || item.changed);
  if (!changed) {
    if (!undone()) return die(items, kStuck);
    return {};
  }
  if (auto committed = db_->commit(); !committed) return failed(items, committed.error(), true);
  return {};
}

Outcome<void> SqliteWriter::store_all(std::span<WriteItem> items, Timestamp now) {
  Heads heads;
  for (WriteItem& item : items) {
    const auto done = store(item, heads, now);
    if (done) continue;
    const Cause cause = done.error().cause;
    // The statement alone was undone, the batch goes on without this one.
    if (cause != Cause::constraint && cause != Cause::data) return done.error();
    item.refuse(Errc::invalid, "the database refused the message");
  }
  for (const auto& [room, head] : heads) {
    auto done = db_->execute(Query(text::kJournalSetHeadsSqliteSql), {room, head.last_seq, head.message_count});
    if (!done) return done.error();
  }
  return {};
}

Outcome<void> SqliteWriter::store(WriteItem& item, Heads& heads, Timestamp now) {
  const AppendMessage& m = *item.message;
  if (!is_storable(m)) {
    item.refuse(Errc::invalid, "text with NUL or invalid UTF-8");
    return {};
  }
  bool there = false;
  RoomKind kind = RoomKind::private_room;
  Head head;
  Actor actor{m.author.kind, m.author.id, std::nullopt};
  auto read = db_->each(Query(text::kJournalRoomAccessSqliteSql), {m.room_id, m.author.id}, [&](const Row& row) {
    there = true;
    kind = parse_room_kind(row.text(0)).value_or(RoomKind::private_room);
    head = {Seq(row.integer(1)), row.integer(2)};
    if (!row.is_null(3)) actor.role = parse_member_role(row.text(3));
  });
  if (!read) return read.error();
  if (!there) {
    item.refuse(Errc::room_not_found, "no such room");
    return {};
  }
  // Whoever was removed since still gets the first answer to what he sent before.
  auto known = repeated(item);
  if (!known) return known.error();
  if (*known) return {};
  if (const auto allowed = may_post(kind, actor); !allowed) {
    item.refuse(allowed.error().code, allowed.error().message);
    return {};
  }
  const auto entry = heads.try_emplace(m.room_id, head);
  auto inserted = insert(item, entry.first->second, now);
  if (!inserted && entry.second) heads.erase(entry.first);
  return inserted;
}

Outcome<bool> SqliteWriter::repeated(WriteItem& item) {
  const AppendMessage& m = *item.message;
  if (!m.client_id) return false;
  auto read =
      db_->each(Query(text::kJournalMessageByClientIdSql), {m.room_id, m.author.id, *m.client_id}, [&](const Row& row) {
        item.fate = Fate::repeated;
        item.stored = {row.uuid(0), Seq(row.integer(1)), Ordinal(row.integer(2)), row.time(3), true};
      });
  if (!read) return read.error();
  return item.fate == Fate::repeated;
}

Outcome<void> SqliteWriter::insert(WriteItem& item, Head& head, Timestamp now) {
  const AppendMessage& m = *item.message;
  const Seq seq = head.last_seq.next();
  const Ordinal ordinal(head.message_count + 1);
  auto done = db_->execute(Query(text::kJournalInsertMessageSqliteSql),
                           {m.room_id, seq, ordinal, m.id, to_string(m.kind), m.author.id, m.client_id, m.content,
                            m.metadata, m.reply_to, m.thread_root_seq, now});
  if (!done) return done.error();
  head = {seq, ordinal.value};
  item.fate = Fate::stored;
  item.stored = {m.id.value, seq, ordinal, now, false};
  return {};
}

Outcome<void> SqliteWriter::carry_out_command(WriteItem& item, Timestamp now) {
  if (!is_storable(item)) {
    item.refuse(Errc::invalid, "text with NUL or invalid UTF-8");
    return {};
  }
  if (auto failure = carry_out(item, *db_, now)) return *failure;
  return {};
}

// The whole transaction is undone; says what becomes of its items.
FlightReport SqliteWriter::failed(std::span<WriteItem> items, const Failure& failure, bool at_commit) {
  if (at_commit && is_fatal(failure)) return die(items, at_commit_reason(failure));
  if (!undone()) return die(items, kStuck);
  for (WriteItem& item : items) {
    if (item.fate == Fate::refused) continue;
    item.undo(Fate::untried);
  }
  const std::string reason = std::string(to_string(failure.cause)) + " (" + failure.code + ")";
  switch (failure.cause) {
    case Cause::disk_full:
    case Cause::io_error:
    case Cause::read_only:
    case Cause::connection_lost:
      must_probe_ = true;
      return {.away = "the database cannot be written: " + reason, .halted = {}};
    case Cause::busy:  // a command of the operator holds the file; it was waited for
    case Cause::timeout:
      return {.away = "the database is locked by another program", .halted = {}};
    case Cause::unique:
    case Cause::corrupt:
      log_error("journal_corrupt",
                {{"cause", to_string(failure.cause)}, {"constraint", failure.constraint}, {"code", failure.code}});
      return {.away = {}, .halted = "the database contradicts itself: " + reason + " " + failure.constraint};
    case Cause::constraint:
    case Cause::data:
      for (WriteItem& item : items) item.refuse(Errc::invalid, "the database refused the change");
      return {};
    case Cause::bug:
      break;
  }
  log_error("journal_statement_failed", {{"code", failure.code}, {"reason", failure.message}});
  for (WriteItem& item : items) item.refuse(Errc::internal, "the change could not be stored");
  return {};
}

}  // namespace chat::journal
