// The typed API: a struct described once (schema/describe.hpp) is request parser, validator, response writer and
// schema.
//
//   struct UserIn { Name name; Email username; Secret<8, 1024> password; };
//   BOOST_DESCRIBE_STRUCT(UserIn, (), (name, username, password))
//   auto in = parse_json<UserIn>(body);
//   if (!in) return answer(422, write_faults(in.faults));
//
// A field is required unless it is std::optional, Maybe or Defaulted. Unknown fields are ignored. All faults are found
// at once and stand in the order of the fields. Pure; any thread; nothing here throws on input.
#pragma once

#include "schema/describe.hpp"
#include "schema/fault.hpp"
#include "schema/types.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chat::schema {

// Decoded names and values, in the order they came: a query, a form, or the parameters of a path.
using Pairs = std::vector<std::pair<std::string, std::string>>;

namespace detail {
void read_json(std::string_view bytes, const TypeOps& type, void* target, const Limits& limits,
               std::vector<Fault>& faults);
void read_fields(std::span<const std::pair<std::string, std::string>> pairs, Where where, const ObjectInfo& object,
                 void* target, const Limits& limits, std::vector<Fault>& faults);
}  // namespace detail

// A JSON body. An empty one, or null, is `missing` at ["body"]; one that is no JSON (or no UTF-8) is `json_invalid` at
// ["body", <offset in characters>] and nothing else; one nested too deep is one fault too, at the field where it is.
template <class T>
Parsed<T> parse_json(std::string_view bytes, const Limits& limits = {}) {
  Parsed<T> out;
  detail::read_json(bytes, kOps<T>, &out.value, limits, out.faults);
  return out;
}

// Fields of a form (Where::body), a query or a path into the same structs: numbers and booleans are read from their
// text, a vector takes every value of its name, nested structs have no text form and are refused. A name that comes
// twice is a fault. In a form an empty value counts as absent, as in FastAPI.
template <DescribedStruct T>
Parsed<T> parse_fields(std::span<const std::pair<std::string, std::string>> pairs, Where where,
                       const Limits& limits = {}) {
  Parsed<T> out;
  detail::read_fields(pairs, where, detail::kObject<T>, &out.value, limits, out.faults);
  return out;
}

// Compact JSON, members in the order of the description.
template <class T>
void write_to(std::string& out, const T& value) {
  kOps<T>.write(out, &value);
}

template <class T>
std::string write(const T& value) {
  std::string out;
  write_to(out, value);
  return out;
}

// How a document refers to T: {"$ref":"#/components/schemas/T"} for a struct, which is added to `set` with all it uses.
template <class T>
std::string schema_of(SchemaSet& set) {
  std::string out;
  kOps<T>.schema(out, set);
  return out;
}

template <DescribedStruct T>
void add_schema(SchemaSet& set) {
  (void)schema_of<T>(set);
}

// The fields of T one by one: query and path parameters.
template <DescribedStruct T>
std::vector<FieldSchema> parameters_of(SchemaSet& set) {
  const T defaults{};
  return field_schemas(detail::kObject<T>, &defaults, set);
}

}  // namespace chat::schema
