#include "storage/sqlite/sqlite_functions.hpp"

#include "base/casefold.hpp"
#include "storage/sql_time.hpp"

#include <sqlite3.h>

#include <cinttypes>
#include <cstdio>

namespace chat::storage {
namespace {

std::string_view text_of(sqlite3_value* value) {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return {bytes ? bytes : "", static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

void answer(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void casefold_function(sqlite3_context* context, int, sqlite3_value** args) {
  answer(context, casefold(text_of(args[0])));
}

void time_function(sqlite3_context* context, int, sqlite3_value** args) {
  const auto time = sql::read_time(text_of(args[0]));
  if (!time) {
    const std::string message = "\"" + std::string(text_of(args[0])) + "\" is no time";
    return sqlite3_result_error(context, message.data(), static_cast<int>(message.size()));
  }
  const auto* zone = static_cast<const TimeZone*>(sqlite3_user_data(context));
  answer(context, sql::time_text(zone ? zone->to_utc(*time) : *time));
}

// FNV-1a of a row's fields with their lengths, added up without caring for overflow.
void checksum_step(sqlite3_context* context, int count, sqlite3_value** args) {
  auto* sum = static_cast<std::uint64_t*>(sqlite3_aggregate_context(context, sizeof(std::uint64_t)));
  if (!sum) return sqlite3_result_error_nomem(context);
  std::uint64_t hash = 14695981039346656037ull;
  const auto mix = [&hash](std::uint64_t byte) { hash = (hash ^ byte) * 1099511628211ull; };
  for (int i = 0; i < count; ++i) {
    const std::string_view field = text_of(args[i]);
    for (const char c : field) mix(static_cast<unsigned char>(c));
    mix(field.size());
  }
  *sum += hash;
}

void checksum_final(sqlite3_context* context) {
  const auto* sum = static_cast<std::uint64_t*>(sqlite3_aggregate_context(context, 0));
  char buffer[24];
  const int size = std::snprintf(buffer, sizeof buffer, "%016" PRIx64, sum ? *sum : 0);
  answer(context, {buffer, static_cast<std::size_t>(size)});
}

}  // namespace

void register_adoption_functions(sql::SqliteConnection& connection, const TimeZone& zone) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  sqlite3* db = connection.native();
  void* with_zone = const_cast<TimeZone*>(&zone);
  sqlite3_create_function_v2(db, "chatd_casefold", 1, kFlags, nullptr, casefold_function, nullptr, nullptr, nullptr);
  sqlite3_create_function_v2(db, "chatd_utc", 1, kFlags, with_zone, time_function, nullptr, nullptr, nullptr);
  sqlite3_create_function_v2(db, "chatd_digits", 1, kFlags, nullptr, time_function, nullptr, nullptr, nullptr);
  sqlite3_create_function_v2(db, "chatd_checksum", -1, kFlags, nullptr, nullptr, checksum_step, checksum_final,
                             nullptr);
}

}  // namespace chat::storage
