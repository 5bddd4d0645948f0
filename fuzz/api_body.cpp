// Bodies of forms, and the Content-Type that says how to read them: whatever comes, no fault of memory, and a multipart
// body written from the fields that were found gives the same fields again.
#include "api/http/body.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace chat;

void check_urlencoded(std::string_view body) {
  for (const auto& [name, value] : api::parse_urlencoded(body)) {
    if (name.size() + value.size() > body.size()) std::abort();
  }
}

void check_multipart(std::string_view body, const std::string& boundary) {
  const auto fields = api::parse_multipart(body, boundary);
  if (!fields) return;
  if (fields->size() > 100) std::abort();
  std::string again;
  for (const auto& [name, value] : *fields) {
    std::string quoted;
    for (const char c : name) {
      if (std::string_view("\"\\\r\n").find(c) != std::string_view::npos) quoted += '\\';
      quoted += c;
    }
    again += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + quoted + "\"\r\n\r\n" + value + "\r\n";
  }
  again += "--" + boundary + "--\r\n";
  if (api::parse_multipart(again, boundary) != fields) std::abort();
}

}  // namespace

// The first line is the Content-Type, the rest the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(input.find('\n'), input.size());
  transport::HttpHeaders headers;
  headers.add("Content-Type", std::string(input.substr(0, line)));
  const auto media = api::media_type_of(headers);
  const auto body = input.substr(std::min(line + 1, input.size()));
  check_urlencoded(body);
  check_multipart(body, media.boundary);
  check_multipart(body, "b");
  return 0;
}
