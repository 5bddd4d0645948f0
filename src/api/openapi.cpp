#include "api/openapi.hpp"

#include "api/error_map.hpp"
#include "api/json_out.hpp"
#include "api/openapi_texts.hpp"
#include "api/operations/resources.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace chat::api {
namespace {

std::string lower_method(Method method) {
  std::string name(transport::to_string(method));
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return name;
}

void write_parameters(JsonOut& out, const OperationTypes& types) {
  if (types.path.empty() && types.query.empty()) return;
  out.key("parameters").open('[');
  const auto write = [&out](const std::vector<schema::FieldSchema>& fields, std::string_view in) {
    for (const auto& field : fields) {
      out.open('{').member("name", field.name).member("in", in);
      out.key("required").raw(field.required ? "true" : "false");
      if (!field.description.empty()) out.member("description", field.description);
      out.key("schema").raw(field.schema_json).close('}');
    }
  };
  write(types.path, "path");
  write(types.query, "query");
  out.close(']');
}

void write_content(JsonOut& out, const std::vector<std::pair<std::string, std::string>>& content) {
  out.key("content").open('{');
  for (const auto& [media, schema] : content) out.key(media).open('{').key("schema").raw(schema).close('}');
  out.close('}');
}

void write_response_ref(JsonOut& out, int status, std::string_view name) {
  out.key(std::to_string(status)).open('{');
  out.member("$ref", "#/components/responses/" + std::string(name)).close('}');
}

// Statuses of a route's own errors, with what each means. Those with a shared answer are not among them.
std::map<int, std::string> own_errors(const OperationSpec& spec) {
  std::map<int, std::string> texts;
  for (const auto code : spec.errors) {
    const auto& row = mapping_of(code);
    if (row.status == 413 || row.status == 429 || row.status == 503) continue;
    auto& text = texts[row.status];
    if (!text.empty()) text += "; ";
    text += "`" + std::string(row.code) + "`: " + std::string(row.description);
  }
  return texts;
}

bool has_error(const OperationSpec& spec, int status) {
  return std::ranges::any_of(spec.errors, [&](Errc code) { return mapping_of(code).status == status; });
}

void write_responses(JsonOut& out, const Operation& route, const OperationTypes& types) {
  const auto& spec = route.spec;
  out.key("responses").open('{');
  out.key(std::to_string(spec.success)).open('{').member("description", spec.answer);
  write_content(out, types.answers);
  out.close('}');
  if (spec.auth == Auth::bearer) write_response_ref(out, 401, "Unauthorized");
  for (const auto& [status, text] : own_errors(spec)) {
    out.key(std::to_string(status)).open('{').member("description", text);
    write_content(out, {{std::string(kJson), R"({"$ref":"#/components/schemas/DomainError"})"}});
    out.close('}');
  }
  if (!types.bodies.empty()) write_response_ref(out, 413, "PayloadTooLarge");
  if (route.takes_input) write_response_ref(out, 422, "ValidationError");
  if (has_error(spec, 429)) write_response_ref(out, 429, "TooManyRequests");
  write_response_ref(out, 500, "InternalServerError");
  if (has_error(spec, 503)) write_response_ref(out, 503, "ServiceUnavailable");
  for (const auto& other : types.others) {
    out.key(std::to_string(other.status)).open('{').member("description", other.description);
    write_content(out, {{std::string(kJson), other.schema}});
    out.close('}');
  }
  out.close('}');
}

void write_operation(JsonOut& out, const Operation& route, schema::SchemaSet& set) {
  const auto& spec = route.spec;
  const auto types = route.types(set);
  out.key(lower_method(spec.method)).open('{');
  out.key("tags").open('[').string(spec.tag).close(']');
  out.member("summary", spec.summary);
  if (!spec.description.empty()) out.member("description", spec.description);
  out.member("operationId", spec.operation_id);
  if (!spec.rpc.empty()) out.member("x-rpc", spec.rpc);
  write_parameters(out, types);
  if (!types.bodies.empty()) {
    out.key("requestBody").open('{').key("required").raw("true");
    write_content(out, types.bodies);
    out.close('}');
  }
  write_responses(out, route, types);
  out.key("security").raw(spec.auth == Auth::bearer ? kBearerSecurity : std::string_view("[]"));
  out.close('}');
}

void write_paths(JsonOut& out, const Operations& operations, schema::SchemaSet& set) {
  out.key("paths").open('{');
  std::set<std::string_view> written;
  for (const auto& first : operations.all()) {
    const auto path = first->spec.path;
    if (path.empty() || !first->spec.documented || !written.insert(path).second) continue;
    out.key(path).open('{');
    for (const auto& route : operations.all())
      if (route->spec.documented && route->spec.path == path) write_operation(out, *route, set);
    out.close('}');
  }
  out.close('}');
}

void write_components(JsonOut& out, const schema::SchemaSet& set) {
  std::map<std::string, std::string, std::less<>> schemas(set.components().begin(), set.components().end());
  for (const auto& [name, json] : kErrorSchemas) schemas.emplace(name, json);
  out.key("components").open('{').key("schemas").open('{');
  for (const auto& [name, json] : schemas) out.key(name).raw(json);
  out.close('}');
  out.key("responses").raw(kSharedResponses);
  out.key("securitySchemes").raw(kSecuritySchemes);
  out.close('}');
}

void new_line(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(depth * 2, ' ');
}

}  // namespace

std::string openapi_document(const Operations& operations) {
  JsonOut out;
  schema::SchemaSet set;
  out.open('{').member("openapi", "3.1.0");
  out.key("info").open('{').member("title", "CHAT REALTIME API").member("version", "1.0.0");
  out.member("description", kApiDescription);
  out.key("license").raw(R"({"name":"MIT","identifier":"MIT"})").close('}');
  out.key("tags").raw(kTags);
  write_paths(out, operations, set);
  write_components(out, set);
  out.close('}');
  return out.take();
}

std::string openapi_document_for_people() { return indent_json(openapi_document(make_operations({}))) + '\n'; }

std::string indent_json(std::string_view compact) {
  std::string out;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < compact.size()) {
        out += compact[++i];
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
      out += c;
    } else if (c == '{' || c == '[') {
      out += c;
      if (i + 1 < compact.size() && (compact[i + 1] == '}' || compact[i + 1] == ']')) {
        out += compact[++i];
      } else {
        new_line(out, ++depth);
      }
    } else if (c == '}' || c == ']') {
      new_line(out, --depth);
      out += c;
    } else if (c == ',') {
      out += c;
      new_line(out, depth);
    } else if (c == ':') {
      out += ": ";
    } else if (c != ' ' && c != '\n') {
      out += c;
    }
  }
  return out;
}

}  // namespace chat::api
