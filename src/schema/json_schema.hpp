// JSON Schema 2020-12 of described structs, as OpenAPI 3.1 takes it: each struct is a component, used by $ref.
#pragma once

#include "schema/type_ops.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chat::schema {

// The components of one document. Not thread-safe.
class SchemaSet {
 public:
  // Adds the component of `object` and those it uses, once; `defaults` is a default-made value of the type.
  // Throws std::logic_error when another struct has the same name.
  void add(const ObjectInfo& object, const void* defaults);

  // By name, each a JSON Schema.
  const std::map<std::string, std::string, std::less<>>& components() const noexcept { return components_; }

  // The components as one JSON object, {"Room":{...},"User":{...}}, sorted by name.
  std::string json() const;

 private:
  std::map<std::string, std::string, std::less<>> components_;
  std::map<std::string, const ObjectInfo*, std::less<>> owners_;
};

// One field on its own: what a query or path parameter, or a form, needs.
struct FieldSchema {
  std::string name;
  std::string schema_json;  // with default and examples, without the description
  std::string description;
  bool required = false;
};
std::vector<FieldSchema> field_schemas(const ObjectInfo& object, const void* defaults, SchemaSet& set);

}  // namespace chat::schema
