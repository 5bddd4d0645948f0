// The AsyncAPI 3.0 document: connections, channels, events, rpc methods and codes of the realtime protocol, the room
// socket and the tail of events; made from what the server itself works with.
#pragma once

#include <string>

namespace chat::api {

class Operations;

// Compact JSON.
std::string asyncapi_document(const Operations& operations);

// The same for the whole API as YAML: `chatd asyncapi` and contract/asyncapi.yaml.
std::string asyncapi_document_for_people();

}  // namespace chat::api
