// The OpenAPI 3.1 document of all routes, made from their declarations.
#pragma once

#include <string>
#include <string_view>

namespace chat::api {

class Operations;

// Compact JSON.
std::string openapi_document(const Operations& operations);

// The same for the whole API, indented: `chatd openapi` and contract/openapi.json.
std::string openapi_document_for_people();

// Any valid JSON, indented by two blanks; empty objects and arrays stay on their line.
std::string indent_json(std::string_view compact);

}  // namespace chat::api
