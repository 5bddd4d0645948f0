// Requests whole and split must read the same, and what passes must be unambiguous. Input: one byte of split pattern,
// then the bytes of a connection.
#include "transport/http_parser.hpp"

#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace chat::transport;
using Status = HttpParser::Status;

void check(bool good) {
  if (!good) std::abort();
}

void check_request(const HttpRequest& request) {
  check(request.headers.count("host") <= 1);
  check(request.minor_version == 0 || request.headers.count("host") == 1);
  check(request.headers.count("transfer-encoding") + request.headers.count("content-length") <= 1);
  check(!request.target.empty() && request.target.find('#') == std::string::npos);
  for (const auto& field : request.headers) check(field.value.find_first_of("\r\n") == std::string::npos);
  check(request.body.size() <= 4096);
}

// What was read, one line a request; the last one is the error, if any.
std::vector<std::string> read(const std::string& bytes, std::uint32_t pattern) {
  const HttpLimits limits{2048, 512, 20, 256};
  HttpParser parser(limits);
  std::vector<std::string> seen;
  std::string input;
  std::uint32_t random = pattern;
  for (std::size_t at = 0; at < bytes.size();) {
    random = random * 1664525u + 1013904223u;
    const std::size_t size = pattern == 0 ? bytes.size() : 1 + (random >> 24) % (1 + pattern % 64);
    const std::string part = bytes.substr(at, size);
    at += part.size();
    input += part;
    for (bool again = true; again;) {
      const auto step = parser.parse(input);
      check(step.consumed <= input.size());
      input.erase(0, step.consumed);
      again = step.status != Status::need_more;
      if (step.status == Status::error) {
        check(step.http_status >= 400 && step.http_status < 600);
        seen.push_back(std::to_string(step.http_status));
        return seen;
      }
      if (step.status == Status::head) parser.set_body_limit(4096);
      if (step.status == Status::complete) {
        const HttpRequest& request = parser.request();
        check_request(request);
        seen.push_back(request.method_text + " " + request.target + " " + request.body);
        parser.reset();
        again = !input.empty();
      }
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(bytes, 0);
  const auto split = read(bytes, data[0] | 1u);
  // Requests are the same; where both fail they fail after the same ones (a limit on what is kept may be met by
  // another name when the rest has already come).
  check(whole.size() == split.size() || (whole.size() > split.size() ? whole : split).back().size() == 3);
  for (std::size_t i = 0; i + 1 < std::min(whole.size(), split.size()); ++i) check(whole[i] == split[i]);
  return 0;
}
