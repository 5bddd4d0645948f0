#include "storage/journal/sql_user_book.hpp"

#include "storage/sql_rows.hpp"
#include "storage_sql.hpp"

namespace chat::journal {

using sql::Query;
using sql::Row;
namespace text = sql_text;

std::optional<UserFacts> SqlUserBook::lock(UserId user) {
  static constexpr Query query(text::kJournalUserLockSqliteSql, text::kJournalUserLockPostgresSql);
  UserFacts facts;
  const bool found = call_.each(query, {user}, [&](const Row& row) {
    facts = {std::string(row.text(0)), row.integer(1), row.boolean(2), Seq(row.integer(3))};
  });
  return found ? std::optional(facts) : std::nullopt;
}

std::optional<Event> SqlUserBook::event(UserId user, EventId id) {
  static constexpr Query query(text::kJournalUserEventByIdSql);
  Event event;
  const bool found = call_.each(query, {user, id}, [&](const Row& row) {
    event.feed = FeedKey::user(user);
    event.id = id;
    event.seq = Seq(row.integer(0));
    event.kind = storage::stored_event_kind(row.text(1));
    event.at = row.time(2);
    event.payload = row.text(3);
  });
  return found ? std::optional(event) : std::nullopt;
}

void SqlUserBook::set_password(UserId user, const std::string& hash) {
  call_.run(Query(text::kUserSetPasswordSql), {user, hash});
}

void SqlUserBook::set_disabled(UserId user, std::optional<Timestamp> since) {
  call_.run(Query(text::kUserSetDisabledSql), {user, since});
}

void SqlUserBook::set_token_version(UserId user, std::int64_t version) {
  call_.run(Query(text::kUserSetTokenVersionSql), {user, version});
}

void SqlUserBook::add_event(const Event& e) {
  call_.run(Query(text::kJournalAddUserEventSql), {e.feed.id, e.seq, e.id, to_string(e.kind), e.payload, e.at});
  call_.run(Query(text::kJournalSetUserHeadSql), {e.feed.id, e.seq});
}

}  // namespace chat::journal
