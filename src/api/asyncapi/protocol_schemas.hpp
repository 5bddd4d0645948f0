// The Centrifuge protocol's own messages as JSON Schemas, made from the table of fields by which the codecs work.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace chat::api {

// By name, each a JSON Schema that refers to the others as #/components/schemas/<name>: `Command`, `Reply` (with
// `Push`), `EmulationRequest`, and all that these are made of.
std::map<std::string, std::string, std::less<>> protocol_schemas();

}  // namespace chat::api
