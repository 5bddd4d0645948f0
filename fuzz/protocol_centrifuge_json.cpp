// Realtime frames in JSON: whatever comes, the reader answers; what it takes is clean, and what is shown to others is
// read by another parser as it was given.
#include "base/utf8.hpp"
#include "protocol/centrifuge_codec.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdlib>

namespace {

using namespace chat;
using namespace chat::centrifuge;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_text(const std::string& text) { require(is_utf8(text) && text.find('\0') == text.npos); }

// Boost's parser stops at an exponent that leaves `int`: no verdict.
std::optional<boost::json::value> parsed(std::string_view json) {
  boost::system::error_code ec;
  boost::json::parse_options options;
  options.max_depth = kMaxPayloadDepth + 8;
  auto value = boost::json::parse(boost::json::string_view(json.data(), json.size()), ec, {}, options);
  if (!ec) return value;
  require(ec == boost::json::error::exponent_overflow);
  return std::nullopt;
}

void check_payload(const std::string& payload) {
  require(*json_payload(payload) == payload);
  const auto value = parsed(payload);
  if (!value) return;
  Publication publication;
  publication.data = payload;
  std::string object;
  append_push(object, Encoding::json, "c", publication);
  require(object.find('\n') == object.npos);
  require(*parsed(object) == boost::json::value{{"push", {{"channel", "c"}, {"pub", {{"data", *value}}}}}});
}

void check_data(const std::string& data) {
  if (data.empty()) return;
  require(data.find('\n') == data.npos);
  if (const auto payload = json_payload(data)) {
    require(*payload == data);  // the reader has minified it
    check_payload(*payload);
  }
}

struct CheckMethod {
  void operator()(const std::monostate&) const {}
  void operator()(const PingRequest&) const {}
  void operator()(const ConnectRequest& m) const {
    for (const auto& [key, value] : m.headers) require_text(key), require_text(value);
    for (const auto& [key, value] : m.subs) require_text(key), (*this)(value);
    require_text(m.token);
    check_data(m.data);
  }
  void operator()(const SubscribeRequest& m) const {
    require_text(m.channel);
    require_text(m.token);
    require_text(m.epoch);
    require_text(m.delta);
    check_data(m.data);
  }
  void operator()(const PublishRequest& m) const {
    require_text(m.channel);
    check_data(m.data);
  }
  void operator()(const RpcRequest& m) const {
    require_text(m.method);
    check_data(m.data);
  }
  void operator()(const SendRequest& m) const { check_data(m.data); }
  void operator()(const RefreshRequest& m) const { require_text(m.token); }
  template <class M>
  void operator()(const M& m) const {
    require_text(m.channel);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<std::size_t>(std::count(input.begin(), input.end(), '\n')) + 1;
  CommandReader reader(Encoding::json, input);
  std::size_t answers = 0;
  while (const auto command = reader.next()) {
    require(++answers <= lines);
    if (*command) std::visit(CheckMethod{}, (*command)->method);
  }
  require(answers > 0);
  if (const auto request = read_emulation_request(Encoding::json, input)) require_text(request->data);
  if (const auto payload = json_payload(input)) check_payload(*payload);
  return 0;
}
