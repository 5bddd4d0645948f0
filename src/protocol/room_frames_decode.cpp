#include "protocol/room_frames.hpp"

#include "base/siphash.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <array>
#include <memory>
#include <unordered_set>
#include <vector>

namespace chat::protocol {
namespace {

namespace json = boost::json;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kMaxDepth = 32;

using Names = std::unordered_set<std::string, SecretHash>;

// Takes `content` and `client_id` of the outermost object; everything else is checked and dropped.
class ClientFrameHandler {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  explicit ClientFrameHandler(std::size_t max_content_bytes) : max_content_bytes_(max_content_bytes) {}

  const char* fault = nullptr;
  ClientFrame frame;
  bool has_content = false;

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode& ec) {
    if (depth_ > 0 && !not_a_string(ec)) return false;
    ++depth_;
    if (depth_ > 1) names_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, ErrorCode&) {
    if (depth_ > 1) names_.pop_back();
    --depth_;
    return true;
  }
  bool on_array_begin(ErrorCode& ec) {
    if (!not_a_string(ec)) return false;
    ++depth_;
    return true;
  }
  bool on_array_end(std::size_t, ErrorCode&) {
    --depth_;
    return true;
  }

  bool on_key_part(json::string_view part, std::size_t, ErrorCode& ec) {
    if (!clean(part, ec)) return false;
    name_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t n, ErrorCode& ec) {
    if (!on_key_part(part, n, ec)) return false;
    const bool taken = depth_ == 1 ? take_top_name() : names_.back().insert(name_).second;
    name_.clear();
    return taken || fail(ec, "a name stands twice in one object");
  }

  bool on_string_part(json::string_view part, std::size_t, ErrorCode& ec) {
    if (depth_ == 0) return fail(ec, "not an object");
    if (!clean(part, ec)) return false;
    if (std::string* target = wanted()) {
      target->append(part.data(), part.size());
      if (target->size() > limit()) return fail(ec, "too long");
    }
    return true;
  }
  bool on_string(json::string_view part, std::size_t n, ErrorCode& ec) {
    if (!on_string_part(part, n, ec)) return false;
    if (const std::string* target = wanted()) {
      if (target->empty()) return fail(ec, "empty");
      if (field_ == Field::content) has_content = true;
    }
    return true;
  }
  bool on_number_part(json::string_view, ErrorCode&) { return true; }
  bool on_int64(std::int64_t, json::string_view, ErrorCode& ec) { return not_a_string(ec); }
  bool on_uint64(std::uint64_t, json::string_view, ErrorCode& ec) { return not_a_string(ec); }
  bool on_double(double, json::string_view, ErrorCode& ec) { return not_a_string(ec); }
  bool on_bool(bool, ErrorCode& ec) { return not_a_string(ec); }
  bool on_null(ErrorCode& ec) {
    if (depth_ == 1 && field_ == Field::client_id) {
      frame.client_id.reset();
      return true;
    }
    return not_a_string(ec);
  }
  bool on_comment_part(json::string_view, ErrorCode&) { return true; }
  bool on_comment(json::string_view, ErrorCode&) { return true; }

 private:
  enum class Field : std::uint8_t { other, content, client_id };

  bool fail(ErrorCode& ec, const char* why) {
    fault = why;
    ec = json::error::incomplete;  // any: only `fault` is told
    return false;
  }

  // PostgreSQL refuses U+0000 in text; the decoder is where it stops.
  bool clean(json::string_view part, ErrorCode& ec) {
    return part.find('\0') == json::string_view::npos || fail(ec, "contains U+0000");
  }

  bool not_a_string(ErrorCode& ec) {
    if (depth_ == 0) return fail(ec, "not an object");
    if (depth_ == 1 && field_ != Field::other) return fail(ec, "not a string");
    return true;
  }

  std::string* wanted() {
    if (depth_ != 1 || field_ == Field::other) return nullptr;
    return field_ == Field::content ? &frame.content : &*frame.client_id;
  }
  std::size_t limit() const { return field_ == Field::content ? max_content_bytes_ : kMaxClientIdBytes; }

  // The outermost names: the two known ones cost no allocation.
  bool take_top_name() {
    if (name_ == "content") {
      field_ = Field::content;
      return !std::exchange(seen_content_, true);
    }
    if (name_ == "client_id") {
      field_ = Field::client_id;
      frame.client_id.emplace();
      return !std::exchange(seen_client_id_, true);
    }
    field_ = Field::other;
    return top_names_.insert(name_).second;
  }

  std::size_t max_content_bytes_;
  std::size_t depth_ = 0;
  Field field_ = Field::other;  // of the outermost object's member being read
  bool seen_content_ = false;
  bool seen_client_id_ = false;
  std::string name_;
  Names top_names_;           // apart from the two
  std::vector<Names> names_;  // of each open inner object
};

}  // namespace

Result<ClientFrame> decode_client_frame(std::string_view text, std::size_t max_content_bytes) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<ClientFrameHandler> parser(options, max_content_bytes);
  ErrorCode ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  ClientFrameHandler& handler = parser.handler();
  if (ec) return Error(Errc::invalid, handler.fault ? handler.fault : "not JSON");
  if (used != text.size()) return Error(Errc::invalid, "more than one JSON value");
  if (!handler.has_content) return Error(Errc::invalid, "no content");
  return std::move(handler.frame);
}

}  // namespace chat::protocol
