#include "schema/json_schema.hpp"

#include "base/json_text.hpp"
#include "schema/describe.hpp"

#include <limits>
#include <stdexcept>

namespace chat::schema {
namespace {

constexpr std::string_view kRefPrefix = "#/components/schemas/";

const FieldDoc* doc_of(const ObjectInfo& object, std::string_view field) {
  for (std::size_t i = 0; i < object.docs_size; ++i) {
    if (object.docs[i].name == field) return &object.docs[i];
  }
  return nullptr;
}

void member(std::string& out, std::string_view name, std::string_view json) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  out += json;
}

// "access_token" -> "Access Token", as pydantic titles a field.
std::string title_of(std::string_view name) {
  std::string out;
  bool start = true;
  for (const char c : name) {
    out += c == '_' ? ' ' : (start && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    start = c == '_';
  }
  return out;
}

// The schema of one field: its type's, with title, default, example and, where asked for, the description.
std::string field_schema(const ObjectInfo& object, const FieldInfo& field, const void* defaults, SchemaSet& set,
                         bool with_description) {
  std::string out;
  field.type->schema(out, set);
  const bool reference = out.starts_with(R"({"$ref")");
  const FieldDoc* doc = doc_of(object, field.name);
  out.pop_back();
  if (!reference) member(out, "title", json_string(title_of(field.name)));
  if (with_description && doc && !doc->description.empty()) member(out, "description", json_string(doc->description));
  // What an absent field becomes; for an optional that is null, which goes without saying.
  const bool defaulted = field.type->kind == TypeOps::Kind::wrapper && !field.type->nullable && !field.type->omit;
  if (defaulted && !holds_secret(*field.type)) {
    std::string value;
    field.type->write(value, field.at(const_cast<void*>(defaults)));
    member(out, "default", value);
  }
  if (doc && !doc->example_json.empty()) member(out, "examples", "[" + std::string(doc->example_json) + "]");
  return out + '}';
}

}  // namespace

void SchemaSet::add(const ObjectInfo& object, const void* defaults) {
  const auto [owner, fresh] = owners_.try_emplace(std::string(object.name), &object);
  if (!fresh) {
    if (owner->second != &object) throw std::logic_error("two structs want the schema name " + owner->first);
    return;
  }
  std::string properties = "{", required;
  for (std::size_t i = 0; i < object.size; ++i) {
    const FieldInfo& field = object.fields[i];
    member(properties, field.name, field_schema(object, field, defaults, *this, true));
    if (!field.type->required) continue;
    required += required.empty() ? "" : ",";
    append_json_string(required, field.name);
  }
  std::string out = R"({"type":"object")";
  member(out, "title", json_string(object.title.empty() ? object.name : object.title));
  if (!object.description.empty()) member(out, "description", json_string(object.description));
  member(out, "properties", properties + '}');
  if (!required.empty()) member(out, "required", '[' + required + ']');
  components_.emplace(object.name, out + '}');
}

std::string SchemaSet::json() const {
  std::string out = "{";
  for (const auto& [name, schema] : components_) member(out, name, schema);
  return out + '}';
}

std::vector<FieldSchema> field_schemas(const ObjectInfo& object, const void* defaults, SchemaSet& set) {
  std::vector<FieldSchema> out;
  for (std::size_t i = 0; i < object.size; ++i) {
    const FieldInfo& field = object.fields[i];
    const FieldDoc* doc = doc_of(object, field.name);
    out.push_back({std::string(field.name), field_schema(object, field, defaults, set, false),
                   doc ? std::string(doc->description) : std::string(), field.type->required});
  }
  return out;
}

void detail::object_schema(std::string& out, SchemaSet& set, const ObjectInfo& object, const void* defaults) {
  set.add(object, defaults);
  out += R"({"$ref":)";
  append_json_string(out, std::string(kRefPrefix) + std::string(object.name));
  out += '}';
}

void text_schema(std::string& out, const TextRule& rule, std::string_view format) {
  out += R"({"type":"string")";
  if (rule.min > 0) member(out, "minLength", std::to_string(rule.min));
  if (rule.max != std::numeric_limits<std::size_t>::max()) member(out, "maxLength", std::to_string(rule.max));
  if (!format.empty()) member(out, "format", json_string(format));
  out += '}';
}

void int_schema(std::string& out, std::int64_t min, std::int64_t max) {
  using L = std::numeric_limits<std::int64_t>;
  out += R"({"type":"integer")";
  if (min != L::min()) member(out, "minimum", std::to_string(min));
  if (max != L::max()) member(out, "maximum", std::to_string(max));
  out += '}';
}

void choice_schema(std::string& out, const std::string_view* choices, std::size_t size) {
  out += R"({"type":"string")";
  if (size == 1) {
    member(out, "const", json_string(choices[0]));
  } else {
    std::string list = "[";
    for (std::size_t i = 0; i < size; ++i) {
      if (i > 0) list += ',';
      append_json_string(list, choices[i]);
    }
    member(out, "enum", list + ']');
  }
  out += '}';
}

}  // namespace chat::schema
