// What a client says it would like to have (RFC 9110, 12.5 and 13.1.2). Pure.
#pragma once

#include "transport/http_types.hpp"

#include <string_view>

namespace chat::api {

// Is this content coding named with a weight above 0?
bool accepts_encoding(const transport::HttpHeaders& headers, std::string_view coding);

// Does the client ask for a page rather than for JSON? It has to name text/html: "*/*" is a program.
bool prefers_html(const transport::HttpHeaders& headers);

// Does the client ask for server-sent events? It has to name text/event-stream.
bool accepts_event_stream(const transport::HttpHeaders& headers);

// Does If-None-Match name this entity tag (weak comparison)?
bool etag_matches(const transport::HttpHeaders& headers, std::string_view etag);

}  // namespace chat::api
