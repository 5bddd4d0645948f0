// Bringing a database of the original (the FastAPI service) into our schema: every row kept, numbered, compared.
//
// Home: one thread. `adopt` runs inside the migration's transaction and leaves committing or rolling back to it.
#pragma once

#include "storage/migrator.hpp"

namespace chat::storage {

inline constexpr std::string_view kAdoptableRevision = "b71ab88295b1";

// The original's tables as Alembic's revision left them? Answers what differs, in a few words; none: they are.
sql::Outcome<std::optional<std::string>> unlike_the_original(sql::Connection& connection);

// Counts only; takes no lock and changes nothing. Errc::conflict with a sentence when adopting would be refused.
Result<AdoptionReport> inspect_for_adoption(sql::Connection& connection, const MigrateOptions& options);

// Locks the original's tables (at most 5 s; then a sentence that names who is in the way), makes the tables of
// `initial` (migration 1), copies, numbers, compares, drops the old ones.
Result<AdoptionReport> adopt(sql::Connection& connection, const MigrateOptions& options, std::string_view initial);

// The sentence for a lock that did not come; call outside a transaction.
Error blocked_error(sql::Connection& connection);

}  // namespace chat::storage
