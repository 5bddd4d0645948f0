#include "api/http/body.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace chat::api {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes `name=value` off the front of a parameter list: ; name="quoted \" value" ; ... False at the end, or where it
// is malformed (the list is then empty).
bool take_parameter(std::string_view& list, std::string& name, std::string& value) {
  list = trimmed(list);
  if (list.empty() || list.front() != ';') return false;
  list = trimmed(list.substr(1));
  const auto equals = list.find('=');
  if (equals == std::string_view::npos) return false;
  name = lowered(trimmed(list.substr(0, equals)));
  list = trimmed(list.substr(equals + 1));
  value.clear();
  if (list.empty() || list.front() != '"') {
    const auto end = std::min(list.find(';'), list.size());
    value = trimmed(list.substr(0, end));
    list.remove_prefix(end);
    return true;
  }
  for (std::size_t i = 1; i < list.size(); ++i) {
    if (list[i] == '"') {
      list.remove_prefix(i + 1);
      return true;
    }
    if (list[i] == '\\' && i + 1 < list.size()) ++i;
    value += list[i];
  }
  list = {};
  return false;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string form_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct PartHead {
  std::string name;
  bool is_field = false;  // has a name, and no file name
};

// The header lines of one part, each ended by CRLF.
PartHead read_part_head(std::string_view head) {
  PartHead out;
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    const auto line = head.substr(0, end);
    head.remove_prefix(std::min(head.size(), end + 2));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || lowered(trimmed(line.substr(0, colon))) != "content-disposition") continue;
    auto rest = trimmed(line.substr(colon + 1));
    const auto type_end = std::min(rest.find(';'), rest.size());
    if (lowered(trimmed(rest.substr(0, type_end))) != "form-data") continue;
    rest.remove_prefix(type_end);
    std::string name, value;
    bool is_file = false;
    while (take_parameter(rest, name, value)) {
      if (name == "name") {
        out.name = value;
        out.is_field = true;
      }
      is_file = is_file || name == "filename" || name == "filename*";
    }
    out.is_field = out.is_field && !is_file;
  }
  return out;
}

}  // namespace

MediaType media_type_of(const transport::HttpHeaders& headers) {
  const auto count = headers.count("content-type");
  if (count == 0) return {};
  if (count > 1) return {"?", {}};
  std::string_view text = trimmed(*headers.find("content-type"));
  if (text.empty()) return {};
  const auto end = std::min(text.find(';'), text.size());
  MediaType media{lowered(trimmed(text.substr(0, end))), {}};
  if (media.type.empty()) return {"?", {}};
  text.remove_prefix(end);
  std::string name, value;
  while (take_parameter(text, name, value)) {
    if (name == "boundary") media.boundary = value;
  }
  return media;
}

schema::Pairs parse_urlencoded(std::string_view body) {
  schema::Pairs pairs;
  while (!body.empty()) {
    const auto end = std::min(body.find('&'), body.size());
    const auto pair = body.substr(0, end);
    body.remove_prefix(std::min(body.size(), end + 1));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    pairs.emplace_back(form_decoded(pair.substr(0, equals)),
                       form_decoded(equals < pair.size() ? pair.substr(equals + 1) : std::string_view()));
  }
  return pairs;
}

// RFC 2046, 5.1.1: CRLF "--" boundary begins each part; "--" behind it ends the last. The first delimiter may stand at
// the very beginning.
std::optional<schema::Pairs> parse_multipart(std::string_view body, std::string_view boundary, std::size_t max_parts) {
  if (boundary.empty() || boundary.size() > 70) return std::nullopt;
  const std::string delimiter = "\r\n--" + std::string(boundary);
  const std::string_view first = std::string_view(delimiter).substr(2);
  if (body.starts_with(first)) {
    body.remove_prefix(first.size());
  } else {
    const auto at = body.find(delimiter);
    if (at == std::string_view::npos) return std::nullopt;
    body.remove_prefix(at + delimiter.size());
  }
  schema::Pairs pairs;
  for (std::size_t parts = 0;; ++parts) {
    if (body.starts_with("--")) return pairs;
    const auto line_end = body.find("\r\n");  // transport padding: blanks only
    if (line_end == std::string_view::npos || !trimmed(body.substr(0, line_end)).empty()) return std::nullopt;
    body.remove_prefix(line_end);
    const auto part_end = body.find(delimiter);
    if (part_end == std::string_view::npos || parts == max_parts) return std::nullopt;
    const auto part = body.substr(2, part_end < 2 ? 0 : part_end - 2);
    body.remove_prefix(part_end + delimiter.size());
    // Header lines, an empty line, the content. A part without headers begins with the empty line.
    const auto head_end = part.starts_with("\r\n") ? 0 : part.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return std::nullopt;
    const auto head = read_part_head(part.substr(0, head_end));
    if (head.is_field) pairs.emplace_back(head.name, part.substr(head_end == 0 ? 2 : head_end + 4));
  }
}

schema::Fault wrong_media_type() {
  return {"model_attributes_type", {"body"}, "Input should be sent as application/json", {}, {}};
}

schema::Fault malformed_form() { return {"value_error", {"body"}, "Value error, the form could not be read", {}, {}}; }

void detail::append(std::vector<schema::Fault>& faults, std::vector<schema::Fault>&& more) {
  faults.insert(faults.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace chat::api
