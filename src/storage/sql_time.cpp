#include "storage/sql_time.hpp"

namespace chat::sql {
namespace {

void put(char* out, unsigned value, int width) noexcept {
  for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

// Reads `width` digits; false when one is none.
bool get(const char* in, int width, unsigned& value) noexcept {
  value = 0;
  for (int i = 0; i < width; ++i) {
    const unsigned digit = static_cast<unsigned char>(in[i]) - static_cast<unsigned>('0');
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  return true;
}

}  // namespace

void write_time(Timestamp time, char* out) noexcept {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss<microseconds> clock{time - day};
  put(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out[4] = '-';
  put(out + 5, static_cast<unsigned>(date.month()), 2);
  out[7] = '-';
  put(out + 8, static_cast<unsigned>(date.day()), 2);
  out[10] = ' ';
  put(out + 11, static_cast<unsigned>(clock.hours().count()), 2);
  out[13] = ':';
  put(out + 14, static_cast<unsigned>(clock.minutes().count()), 2);
  out[16] = ':';
  put(out + 17, static_cast<unsigned>(clock.seconds().count()), 2);
  out[19] = '.';
  put(out + 20, static_cast<unsigned>(clock.subseconds().count()), 6);
}

std::optional<Timestamp> read_time(std::string_view text) noexcept {
  using namespace std::chrono;
  unsigned y, mo, d, h, mi, s, us;
  const char* t = text.data();
  const bool fixed = text.size() == kTimeTextSize && t[4] == '-' && t[7] == '-' && t[10] == ' ' && t[13] == ':' &&
                     t[16] == ':' && t[19] == '.' && get(t, 4, y) && get(t + 5, 2, mo) && get(t + 8, 2, d) &&
                     get(t + 11, 2, h) && get(t + 14, 2, mi) && get(t + 17, 2, s) && get(t + 20, 6, us);
  if (!fixed) return parse_timestamp(text);
  const year_month_day date{year{static_cast<int>(y)}, month{mo}, day{d}};
  if (!date.ok() || h > 23 || mi > 59 || s > 59) return std::nullopt;
  return Timestamp{sys_days{date} + hours{h} + minutes{mi} + seconds{s} + microseconds{us}};
}

}  // namespace chat::sql
