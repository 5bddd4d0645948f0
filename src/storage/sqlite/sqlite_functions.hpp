// SQL functions of ours for the statements of the adoption.
#pragma once

#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/time_zone.hpp"

namespace chat::storage {

// chatd_casefold(text), chatd_utc(text): naive time of `zone` to our form, chatd_digits(text): naive time to fixed
// width, chatd_checksum(...): of all rows, whatever their order. They fail on what is no time, and so does the
// statement. `zone` outlives the connection's use of them.
void register_adoption_functions(sql::SqliteConnection& connection, const TimeZone& zone);

}  // namespace chat::storage
