// JSON into a struct, by Boost.JSON's SAX parser: it checks the grammar and decodes, this file places, judges and
// remembers. A cursor walks the source beside the parser, so that every value's own bytes are known (for `input` and
// for opaque JSON).
#include "base/json_text.hpp"
#include "schema/fault_list.hpp"
#include "schema/json_error.hpp"
#include "schema/json_slice.hpp"
#include "schema/opaque_watch.hpp"
#include "schema/scalars.hpp"
#include "schema/schema.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace chat::schema::detail {
namespace {

using boost::json::error_code;
using boost::json::string_view;

constexpr std::size_t kDepth = 32;
constexpr std::size_t kMaxKeyShown = 64;  // bytes of an unknown field's name in a loc

// Where the next value goes.
struct Slot {
  const TypeOps* type = nullptr;  // null: nowhere, it is ignored
  void* target = nullptr;
  bool repeated = false;  // its key was there before
};

struct Frame {
  const TypeOps* type = nullptr;  // an object's or an array's
  void* target = nullptr;
  std::uint64_t seen = 0;  // object: fields that came, by place
  std::size_t field = 0;   // object: place of the last known key; array: index of the next element
  bool known = false;      // object: the last key is one of its fields
  bool repeated = false;
  std::size_t first_fault = 0;
};

class Handler {
 public:
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_object_size = max_array_size;
  static constexpr std::size_t max_string_size = max_array_size;
  static constexpr std::size_t max_key_size = max_array_size;

  // `parsed` is what the parser reads: the source, or its repaired twin; `lone_surrogates` are the places in it that
  // were repaired.
  Handler(std::string_view source, std::string_view parsed, std::span<const std::size_t> lone_surrogates,
          const Slot& root, std::size_t max_depth, FaultList& faults)
      : cursor_(source),
        parsed_(parsed.data()),
        lone_surrogates_(lone_surrogates),
        root_(root),
        max_depth_(max_depth),
        faults_(faults) {}

  bool stopped() const noexcept { return stopped_; }  // refused before its end, with a fault that says why

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec) { return open('{', ec); }
  bool on_object_end(std::size_t, error_code&) { return close('}'); }
  bool on_array_begin(error_code& ec) { return open('[', ec); }
  bool on_array_end(std::size_t, error_code&) { return close(']'); }

  bool on_key_part(string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_key(string_view part, std::size_t, error_code&) {
    const std::string_view text = whole(part);
    take_string(text);
    if (opaque_depth_ > 0) {
      watch_.key(text);
    } else {
      key(text);
    }
    decoded_.clear();
    return true;
  }

  bool on_string_part(string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_string(string_view part, std::size_t, error_code&) {
    Scalar in;
    in.kind = Scalar::Kind::string;
    in.text = whole(part);
    const Slice slice = take_string(in.text);
    in.bad_unicode = has_lone_surrogate(slice);
    scalar(in, slice);
    decoded_.clear();
    return true;
  }

  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, string_view, error_code&) { return number(); }
  bool on_uint64(std::uint64_t, string_view, error_code&) { return number(); }
  bool on_double(double, string_view, error_code&) { return number(); }
  bool on_bool(bool value, error_code&) {
    Scalar in;
    in.kind = Scalar::Kind::boolean;
    in.boolean = value;
    scalar(in, cursor_.literal(value ? 4 : 5));
    return true;
  }
  bool on_null(error_code&) {
    scalar({}, cursor_.literal(4));
    return true;
  }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  bool keep(string_view part) {
    decoded_.append(part.data(), part.size());
    return true;
  }
  // The decoded text: in one piece where it had no escape, otherwise put together.
  std::string_view whole(string_view part) {
    if (decoded_.empty()) return {part.data(), part.size()};
    decoded_.append(part.data(), part.size());
    return decoded_;
  }
  // The source of a string whose decoded text is at hand: a text without escapes stands in the source itself.
  Slice take_string(std::string_view text) {
    return parsed_ + cursor_.next() + 1 == text.data() ? cursor_.string(text.size()) : cursor_.string();
  }
  bool has_lone_surrogate(Slice s) const {
    const auto at = std::lower_bound(lone_surrogates_.begin(), lone_surrogates_.end(), s.begin);
    return at != lone_surrogates_.end() && *at < s.end;
  }

  // ---- places
  Frame& top() { return frames_[used_ - 1]; }

  void key(std::string_view text) {
    Frame& frame = top();
    const ObjectInfo& object = *frame.type->object;
    // Members usually come in the order of the description: look there first.
    std::size_t i = frame.known ? frame.field + 1 : 0;
    if (i >= object.size || object.fields[i].name != text) {
      for (i = 0; i < object.size && object.fields[i].name != text; ++i) {
      }
    }
    frame.known = i < object.size;
    if (!frame.known) {
      unknown_key_.assign(text.substr(0, kMaxKeyShown));
      return;
    }
    frame.field = i;
    frame.repeated = (frame.seen >> i & 1) != 0;
    frame.seen |= std::uint64_t{1} << i;
  }

  Slot next_slot() {
    if (used_ == 0) return root_;
    Frame& frame = top();
    if (frame.type->kind == TypeOps::Kind::array) {
      void* element = frame.type->open(frame.target);
      ++frame.field;
      return {frame.type->inner, element, false};
    }
    if (!frame.known) return {};
    const FieldInfo& field = frame.type->object->fields[frame.field];
    return {field.type, field.at(frame.target), frame.repeated};
  }

  // The loc of the value that is being read.
  Loc loc() const {
    Loc out{std::string("body")};
    for (std::size_t i = 0; i < used_; ++i) {
      const Frame& frame = frames_[i];
      if (frame.type->kind == TypeOps::Kind::array) {
        out.emplace_back(static_cast<std::int64_t>(frame.field) - 1);
      } else {
        out.emplace_back(frame.known ? std::string(frame.type->object->fields[frame.field].name) : unknown_key_);
      }
    }
    return out;
  }

  static void unwrap(Slot& slot) {
    while (slot.type->kind == TypeOps::Kind::wrapper) {
      slot.target = slot.type->open(slot.target);
      slot.type = slot.type->inner;
    }
  }

  // Null makes the outermost thing empty that can be; false when nothing can.
  static bool take_null(Slot& slot) {
    while (slot.type->kind == TypeOps::Kind::wrapper) {
      if (slot.type->nullable) {
        slot.type->clear(slot.target);
        return true;
      }
      slot.target = slot.type->open(slot.target);
      slot.type = slot.type->inner;
    }
    return false;
  }

  void refuse(const TypeOps& type, Issue issue, Slice slice) {
    if (has_lone_surrogate(slice) || holds_secret(type)) issue.show_input = false;
    std::string input;
    if (issue.show_input && cursor_.text(slice).size() <= kMaxSlice) input = minified(cursor_.text(slice));
    faults_.add(loc(), std::move(issue), std::move(input));
  }

  // ---- scalars
  bool number() {
    const Slice slice = cursor_.number();
    const std::string_view text = cursor_.text(slice);
    Scalar in;
    in.text = text;
    if (text.find_first_of(".eE") != text.npos) {
      in.kind = Scalar::Kind::number;
      in.number = double_of_text(text);
    } else {
      using L = std::numeric_limits<std::int64_t>;
      in.kind = Scalar::Kind::integer;
      const auto result = std::from_chars(text.data(), text.data() + text.size(), in.integer);
      in.overflow = result.ec == std::errc::result_out_of_range;
      if (in.overflow) in.integer = text.front() == '-' ? L::min() : L::max();
      in.number = in.overflow ? double_of_text(text) : static_cast<double>(in.integer);
    }
    scalar(in, slice);
    return true;
  }

  void scalar(const Scalar& in, Slice slice) {
    if (opaque_depth_ > 0) {
      if (in.kind == Scalar::Kind::string) watch_.text(in.text);
      return;
    }
    Slot slot = next_slot();
    if (!slot.type) return;
    if (slot.repeated) return refuse(*slot.type, repeated_issue(), slice);
    if (in.kind == Scalar::Kind::null) {
      if (used_ == 0) return faults_.missing(loc());  // FastAPI: a body of null is no body
      if (take_null(slot)) return;
    } else {
      unwrap(slot);
    }
    if (slot.type->kind == TypeOps::Kind::raw) {
      watch_.begin(true);
      if (in.kind == Scalar::Kind::string) watch_.text(in.text);
      return store_raw(slot, slice);
    }
    if (slot.type->kind != TypeOps::Kind::scalar) return refuse(*slot.type, wrong_kind(*slot.type), slice);
    Issue issue;
    if (!slot.type->read(slot.target, in, issue)) refuse(*slot.type, std::move(issue), slice);
  }

  static Issue repeated_issue() { return value_error("the field occurs more than once"); }

  // ---- containers
  bool open(char bracket, error_code& ec) {
    const std::size_t begin = cursor_.bracket();
    if (++depth_ > max_depth_) {
      if (opaque_depth_ == 0 && used_ > 0 && top().type->kind == TypeOps::Kind::array) ++top().field;
      Issue issue = value_error("nested more than " + std::to_string(max_depth_) + " levels deep");
      faults_.clear();  // the rest is not read: what is known of the fields so far is not all
      faults_.add(loc(), std::move(issue), {});
      stopped_ = true;
      ec = boost::json::error::too_deep;
      return false;
    }
    if (opaque_depth_ > 0) {
      ++opaque_depth_;
      if (bracket == '{') watch_.open_object();
      return true;
    }
    Slot slot = next_slot();
    const auto wanted = bracket == '{' ? TypeOps::Kind::object : TypeOps::Kind::array;
    if (slot.type && !slot.repeated) unwrap(slot);
    if (slot.type && !slot.repeated && slot.type->kind == wanted) {
      push(slot);
    } else {
      begin_opaque(slot, begin, bracket);
    }
    return true;
  }

  void push(const Slot& slot) {
    if (slot.type->clear) slot.type->clear(slot.target);
    Frame frame;
    frame.type = slot.type;
    frame.target = slot.target;
    frame.first_fault = faults_.size();
    frames_[used_++] = frame;
  }

  bool close(char bracket) {
    const std::size_t end = cursor_.bracket() + 1;
    --depth_;
    if (opaque_depth_ > 0) {
      if (bracket == '}') watch_.close_object();
      if (--opaque_depth_ == 0) end_opaque({opaque_begin_, end});
    } else if (top().type->kind == TypeOps::Kind::object) {
      end_object();
    } else {
      --used_;
    }
    return true;
  }

  void end_object() {
    Frame& frame = top();
    const ObjectInfo& object = *frame.type->object;
    frame.known = true;
    for (std::size_t i = 0; i < object.size; ++i) {
      if ((frame.seen >> i & 1) != 0 || !object.fields[i].type->required) continue;
      frame.field = i;
      faults_.missing(loc());
    }
    if (faults_.size() > frame.first_fault) faults_.sort_by_field(frame.first_fault, used_, object);
    --used_;
  }

  // ---- opaque values: of unknown fields (no type), in the wrong place (a fault with their bytes), or RawJson
  void begin_opaque(const Slot& slot, std::size_t begin, char bracket) {
    opaque_ = slot;
    opaque_begin_ = begin;
    opaque_depth_ = 1;
    watch_.begin(slot.type && !slot.repeated && slot.type->kind == TypeOps::Kind::raw);
    if (bracket == '{') watch_.open_object();
  }

  void end_opaque(Slice slice) {
    const TypeOps* type = opaque_.type;
    if (!type) return;
    if (opaque_.repeated) return refuse(*type, repeated_issue(), slice);
    if (type->kind == TypeOps::Kind::raw) return store_raw(opaque_, slice);
    Issue issue;
    if (type->kind == TypeOps::Kind::scalar) {
      type->read(opaque_.target, {}, issue);  // every reader refuses null with its "..._type"
    } else {
      issue = wrong_kind(*type);
    }
    refuse(*type, std::move(issue), slice);
  }

  void store_raw(const Slot& slot, Slice slice) {
    if (has_lone_surrogate(slice)) return refuse(*slot.type, not_unicode(), slice);
    if (watch_.issue()) return refuse(*slot.type, *watch_.issue(), slice);
    std::string json = minified(cursor_.text(slice));
    if (json.size() > slot.type->max_bytes) {
      return refuse(*slot.type,
                    value_error("at most " + std::to_string(slot.type->max_bytes) + " bytes of JSON are allowed"),
                    slice);
    }
    slot.type->store(slot.target, std::move(json));
  }

  static constexpr std::size_t kMaxSlice = 1 << 20;

  Cursor cursor_;  // over the source
  const char* parsed_;
  std::span<const std::size_t> lone_surrogates_;
  Slot root_;
  std::size_t max_depth_;
  FaultList& faults_;

  std::array<Frame, kDepth> frames_;
  std::size_t used_ = 0;   // frames in use: the containers that have a C++ value
  std::size_t depth_ = 0;  // of all containers
  bool stopped_ = false;
  std::string decoded_;  // of a key or string with escapes
  std::string unknown_key_;

  Slot opaque_;
  std::size_t opaque_begin_ = 0;
  std::size_t opaque_depth_ = 0;
  OpaqueWatch watch_;
};

// False when it is no JSON.
bool run(std::string_view source, const RepairedJson* repaired, const Slot& root, std::size_t max_depth,
         FaultList& faults) {
  const std::string_view parsed = repaired ? std::string_view(repaired->text) : source;
  const auto lone = repaired ? std::span<const std::size_t>(repaired->lone_surrogates) : std::span<const std::size_t>();
  boost::json::parse_options options;
  options.max_depth = kDepth + 1;  // ours counts and names the field; this one is the belt
  boost::json::basic_parser<Handler> parser(options, source, parsed, lone, root, max_depth, faults);
  error_code ec;
  const std::size_t used = parser.write_some(false, parsed.data(), parsed.size(), ec);
  return parser.handler().stopped() || (!ec && used == parsed.size());
}

}  // namespace

void read_json(std::string_view bytes, const TypeOps& type, void* target, const Limits& limits,
               std::vector<Fault>& faults) {
  FaultList list(faults, limits);
  const std::size_t max_depth = std::min(limits.max_depth, kDepth);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);  // as Python's json.loads of bytes
  if (bytes.empty()) return list.missing({std::string("body")});
  const Slot root{&type, target, false};
  if (run(bytes, nullptr, root, max_depth, list)) return;
  list.clear();
  if (const RepairedJson repaired = repair(bytes); repaired.changed) {
    if (run(bytes, &repaired, root, max_depth, list)) return;
    list.clear();
  }
  const JsonError error = find_json_error(bytes, kDepth + 1);
  list.add({std::string("body"), static_cast<std::int64_t>(error.offset)},
           {"json_invalid", "JSON decode error", R"({"error":)" + json_string(error.msg) + '}'}, "{}");
}

}  // namespace chat::schema::detail
