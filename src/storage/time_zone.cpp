#include "storage/time_zone.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace chat::storage {
namespace {

constexpr int kLastYear = 2100;  // rules of the footer are written out until then

// Big-endian fields, one after the other; `ok` turns false at the end of the bytes.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  std::int64_t number(std::size_t size) {
    if (bytes_.size() < size) return ok = false, 0;
    std::uint64_t value = (bytes_[0] & 0x80) ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes_[i]);
    bytes_.remove_prefix(size);
    return static_cast<std::int64_t>(value);
  }
  void skip(std::size_t size) {
    if (bytes_.size() < size) ok = false;
    bytes_.remove_prefix(std::min(size, bytes_.size()));
  }
  std::string_view rest() const { return bytes_; }
  bool ok = true;

 private:
  std::string_view bytes_;
};

struct Header {
  int version = 0;
  std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, letters = 0;
  std::size_t body_size(std::size_t time_size) const {
    return times * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4) + standard_flags + utc_flags;
  }
};

bool read_header(Reader& in, Header& out) {
  if (!in.rest().starts_with("TZif")) return false;
  in.skip(4);
  const std::int64_t version = in.number(1);
  out.version = version == 0 ? 1 : static_cast<int>(version - '0');
  in.skip(15);
  for (std::size_t* field : {&out.utc_flags, &out.standard_flags, &out.leaps, &out.times, &out.types, &out.letters}) {
    const std::int64_t value = in.number(4);
    if (value < 0 || value > 100'000) return false;
    *field = static_cast<std::size_t>(value);
  }
  return in.ok && out.types > 0;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_number(std::string_view& text, int& out) {
  std::size_t n = 0;
  out = 0;
  while (n < text.size() && n < 6 && text[n] >= '0' && text[n] <= '9') out = out * 10 + (text[n++] - '0');
  text.remove_prefix(n);
  return n > 0;
}

// "EST" or "<+03>"
bool take_name(std::string_view& text) {
  const bool quoted = take(text, '<');
  std::size_t n = 0;
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  while (n < text.size() && (quoted ? text[n] != '>' : is_letter(text[n]))) ++n;
  if (n == 0) return false;
  text.remove_prefix(n);
  return !quoted || take(text, '>');
}

// "[+-]hh[:mm[:ss]]" in seconds
bool take_time(std::string_view& text, std::int64_t& out) {
  const bool minus = take(text, '-');
  if (!minus) take(text, '+');
  int hours = 0, minutes = 0, seconds = 0;
  if (!take_number(text, hours)) return false;
  if (take(text, ':') && !take_number(text, minutes)) return false;
  if (take(text, ':') && !take_number(text, seconds)) return false;
  out = hours * 3600 + minutes * 60 + seconds;
  if (minus) out = -out;
  return true;
}

// Seconds from 1970 to a rule's moment in a year, as local time.
std::int64_t moment(int year, int month, int week, int weekday, std::int64_t seconds) {
  using namespace std::chrono;
  const auto ym = std::chrono::year{year} / std::chrono::month{static_cast<unsigned>(month)};
  const std::chrono::weekday day{static_cast<unsigned>(weekday)};
  const sys_days date = week == 5 ? sys_days{ym / day[last]} : sys_days{ym / day[static_cast<unsigned>(week)]};
  return duration_cast<std::chrono::seconds>(date.time_since_epoch()).count() + seconds;
}

}  // namespace

Result<TimeZone> TimeZone::load(std::string_view name, const std::string& folder) {
  if (name == "UTC") return utc();
  const bool tame = !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos;
  std::error_code failed;
  if (!std::filesystem::is_directory(folder, failed))
    return Error{Errc::invalid, "there are no time zone data in " + folder + ": install the package tzdata"};
  const std::string path = folder + "/" + std::string(name);
  std::ifstream file;
  if (tame && std::filesystem::is_regular_file(path, failed)) file.open(path, std::ios::binary);
  if (!file.is_open()) return Error{Errc::invalid, "there is no time zone \"" + std::string(name) + "\""};
  return parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

Result<TimeZone> TimeZone::parse(std::string_view bytes) {
  const Error bad{Errc::invalid, "the time zone's data are damaged"};
  Reader in(bytes);
  Header header;
  if (!read_header(in, header)) return bad;
  std::size_t time_size = 4;
  if (header.version >= 2) {  // the same again with 64-bit times follows
    in.skip(header.body_size(4));
    if (!read_header(in, header)) return bad;
    time_size = 8;
  }
  std::vector<std::int64_t> times, offsets;
  std::vector<std::size_t> types;
  for (std::size_t i = 0; i < header.times; ++i) times.push_back(in.number(time_size));
  for (std::size_t i = 0; i < header.times; ++i) types.push_back(static_cast<std::size_t>(in.number(1) & 0xff));
  for (std::size_t i = 0; i < header.types; ++i) {
    offsets.push_back(in.number(4));
    in.skip(2);
  }
  in.skip(header.letters + header.leaps * (time_size + 4) + header.standard_flags + header.utc_flags);
  if (!in.ok) return bad;

  TimeZone zone;
  zone.first_offset_ = offsets[0];
  std::int64_t offset = offsets[0];
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (types[i] >= offsets.size()) return bad;
    zone.transitions_.push_back({times[i], offset, offsets[types[i]]});
    offset = offsets[types[i]];
  }
  if (time_size == 8) {
    std::string_view footer = in.rest();
    if (!take(footer, '\n') || footer.find('\n') == std::string_view::npos) return bad;
    if (!zone.parse_footer(footer.substr(0, footer.find('\n')))) return bad;
  }
  return zone;
}

// POSIX's TZ: "EST5EDT,M3.2.0,M11.1.0". Its offsets count west of Greenwich. Julian-day rules, which no zone of today
// has, are not taken.
bool TimeZone::parse_footer(std::string_view text) {
  if (text.empty()) return true;
  std::int64_t west = 0;
  if (!take_name(text) || !take_time(text, west)) return false;
  standard_ = -west;
  if (text.empty()) return true;
  if (!take_name(text)) return false;
  summer_ = standard_ + 3600;
  if (!text.empty() && text.front() != ',') {
    if (!take_time(text, west)) return false;
    summer_ = -west;
  }
  for (Rule* rule : {&to_summer_, &to_standard_}) {
    const bool read = take(text, ',') && take(text, 'M') && take_number(text, rule->month) && take(text, '.') &&
                      take_number(text, rule->week) && take(text, '.') && take_number(text, rule->weekday);
    if (!read || (take(text, '/') && !take_time(text, rule->seconds))) return false;
    if (rule->month < 1 || rule->month > 12 || rule->week < 1 || rule->week > 5 || rule->weekday > 6) return false;
  }
  has_rules_ = text.empty();
  if (has_rules_) {
    using namespace std::chrono;
    const std::int64_t last = transitions_.empty() ? 0 : transitions_.back().at;
    extend(static_cast<int>(year_month_day{floor<days>(sys_seconds{seconds{last}})}.year()));
  }
  return has_rules_;
}

void TimeZone::extend(int from_year) {
  const std::int64_t last = transitions_.empty() ? std::int64_t{-1} << 62 : transitions_.back().at;
  std::vector<Transition> more;
  for (int year = from_year; year <= kLastYear; ++year) {
    const auto at = [year](const Rule& r) { return moment(year, r.month, r.week, r.weekday, r.seconds); };
    more.push_back({at(to_summer_) - standard_, standard_, summer_});
    more.push_back({at(to_standard_) - summer_, summer_, standard_});
  }
  std::sort(more.begin(), more.end(), [](const Transition& a, const Transition& b) { return a.at < b.at; });
  for (const Transition& t : more)
    if (t.at > last) transitions_.push_back(t);
}

Timestamp TimeZone::to_utc(Timestamp local) const {
  using namespace std::chrono;
  const auto wall = floor<seconds>(local).time_since_epoch().count();
  std::int64_t offset = first_offset_;
  // A transition counts once the wall clock has reached what it shows after it (an hour that comes twice: the second
  // time) or, where the clock jumps ahead, what it shows then (so that skipped times keep the offset before).
  for (const Transition& t : transitions_) {
    if (wall < t.at + t.after) break;
    offset = t.after;
  }
  return local - seconds{offset};
}

}  // namespace chat::storage
