// A zone's rules from the system's zone data (TZif, RFC 9636): local wall-clock times to UTC.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chat::storage {

class TimeZone {
 public:
  static TimeZone utc() { return {}; }
  // "UTC", "America/Sao_Paulo". Errc::invalid with a sentence when there is no such zone, or no zone data here.
  static Result<TimeZone> load(std::string_view name, const std::string& folder = "/usr/share/zoneinfo");
  // The content of a zone file.
  static Result<TimeZone> parse(std::string_view bytes);

  // As PostgreSQL's AT TIME ZONE decides: a time that exists twice is the later one, a time that was skipped is read
  // with the offset before the gap.
  Timestamp to_utc(Timestamp local) const;

 private:
  struct Rule {  // "M3.2.0/2": the n-th weekday of a month
    int month = 1, week = 1, weekday = 0;
    std::int64_t seconds = 7200;  // local time of the change
  };
  struct Transition {
    std::int64_t at;  // UTC seconds
    std::int64_t before, after;
  };

  bool parse_footer(std::string_view text);
  void extend(int from_year);

  std::vector<Transition> transitions_;
  std::int64_t first_offset_ = 0;
  std::int64_t standard_ = 0, summer_ = 0;  // of the footer's rules
  bool has_rules_ = false;
  Rule to_summer_, to_standard_;
};

}  // namespace chat::storage
