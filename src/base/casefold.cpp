#include "base/casefold.hpp"

#include "base/casefold_table.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <iterator>

namespace chat {
namespace {

char32_t fold(char32_t c) noexcept {
  using detail::kFoldRuns;
  const auto* at = std::upper_bound(std::begin(kFoldRuns), std::end(kFoldRuns), c,
                                    [](char32_t x, const detail::FoldRun& r) { return x < r.first; });
  if (at == std::begin(kFoldRuns)) return c;
  --at;
  if (c > at->last || (c - at->first) % at->step != 0) return c;
  return static_cast<char32_t>(static_cast<int>(c) + at->distance);
}

}  // namespace

std::string casefold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const auto c = take_code_point(text);
    if (!c) {
      out += before.substr(0, before.size() - text.size());
    } else if (*c < 0x80) {
      out += static_cast<char>(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    } else {
      append_utf8(out, fold(*c));
    }
  }
  return out;
}

}  // namespace chat
