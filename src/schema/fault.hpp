// What is wrong with an input, in the shape of pydantic 2 and FastAPI, so that clients of the original understand it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace chat::schema {

// The first part of every `loc`.
enum class Where { body, query, path };
std::string_view to_string(Where where) noexcept;

using LocPart = std::variant<std::string, std::int64_t>;  // a field's name, or an index or offset
using Loc = std::vector<LocPart>;

struct Fault {
  std::string type;  // pydantic's: "missing", "string_too_short", ...
  Loc loc;           // "body", "name"
  std::string msg;   // a sentence
  std::optional<std::string>
      input_json;  // the offending value as JSON; none when missing, secret, not Unicode or too big
  std::optional<std::string> ctx_json;  // a JSON object: {"min_length":1}
};

struct Limits {
  std::size_t max_depth = 32;              // of nested objects and arrays; never above 32
  std::size_t max_faults = 100;            // what is wrong beyond that is not listed
  std::size_t max_input_bytes = 64 << 10;  // of the `input`s of one answer together; what is above is left out
};

// A body that is declared as something else than JSON, where JSON is asked for.
Fault wrong_content_type();

// Appends one entry of the "detail" list.
void write_fault(std::string& out, const Fault& fault);

// The 422 body: {"detail":[{"type":...,"loc":[...],"msg":...,"input":...,"ctx":...}, ...]}.
std::string write_faults(const std::vector<Fault>& faults);

// A value that was read, or what was wrong with it. `value` may be half filled when there are faults.
template <class T>
struct Parsed {
  T value{};
  std::vector<Fault> faults;

  bool ok() const noexcept { return faults.empty(); }
  explicit operator bool() const noexcept { return ok(); }
  T& operator*() noexcept { return value; }
  const T& operator*() const noexcept { return value; }
  T* operator->() noexcept { return &value; }
  const T* operator->() const noexcept { return &value; }
};

}  // namespace chat::schema
