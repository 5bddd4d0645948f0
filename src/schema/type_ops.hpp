// What the parser, the writer and the schema know of a type: one table of functions for each, so that the code that
// walks JSON is compiled once and knows no C++ type. Made by schema/codec.hpp; of no use outside this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chat::schema {

class SchemaSet;

// One value that is no container, as it came from JSON or from a form.
struct Scalar {
  enum class Kind { null, boolean, integer, number, string };
  Kind kind = Kind::null;
  bool boolean = false;
  bool overflow = false;     // an integer beyond int64: `integer` is then the limit it is beyond
  bool bad_unicode = false;  // a string with lone surrogates or ill-formed bytes
  std::int64_t integer = 0;
  double number = 0;      // of integers too; infinite when out of range
  std::string_view text;  // a string, decoded
};

// Why a value was refused.
struct Issue {
  std::string type;
  std::string msg;
  std::string ctx_json;    // empty: none
  bool show_input = true;  // false for secrets and for what is no Unicode
};

struct TypeOps;

struct FieldInfo {
  std::string_view name;  // on the wire
  void* (*at)(void* object);
  const TypeOps* type;
};

struct FieldDoc {
  std::string_view name;
  std::string_view description;
  std::string_view example_json = {};  // a JSON value: "\"Ada\""
};

struct ObjectInfo {
  std::string_view name;  // component name in the schema
  const FieldInfo* fields;
  std::size_t size;
  std::string_view title, description;
  const FieldDoc* docs;
  std::size_t docs_size;
};

struct TypeOps {
  enum class Kind { scalar, object, array, wrapper, raw };
  Kind kind = Kind::scalar;
  bool required = true;   // absence is a fault
  bool nullable = false;  // wrapper: null is taken and makes it empty
  bool secret = false;
  const TypeOps* inner = nullptr;      // array: of its elements; wrapper: of what is inside
  const ObjectInfo* object = nullptr;  // object
  std::size_t max_bytes = 0;           // raw

  // scalar: stores the value, or fills `issue` and answers false
  bool (*read)(void* target, const Scalar& in, Issue& issue) = nullptr;
  // array: adds an element and answers its place; wrapper: makes it full and answers the place inside
  void* (*open)(void* target) = nullptr;
  // wrapper and array: makes it empty
  void (*clear)(void* target) = nullptr;
  // raw: stores minified JSON
  void (*store)(void* target, std::string&& json) = nullptr;
  // appends the value as JSON
  void (*write)(std::string& out, const void* value) = nullptr;
  // wrapper: whether an object leaves this field out now
  bool (*omit)(const void* value) = nullptr;
  // appends the type's JSON Schema
  void (*schema)(std::string& out, SchemaSet& set) = nullptr;
};

// Whether a password or token may be inside a value of this type.
bool holds_secret(const TypeOps& type) noexcept;

}  // namespace chat::schema
