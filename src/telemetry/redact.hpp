// What may be logged of things that can hold a secret. Pure.
#pragma once

#include <string>
#include <string_view>

namespace chat {

inline constexpr std::string_view kRedacted = "***";

// A request target: the values of query parameters that carry credentials (token, access_token, password, ..., however
// their names are escaped) and anything that looks like a JWT are replaced by ***.
std::string redact_target(std::string_view target);

// A URL such as DATABASE_URL: the password of its user part is replaced by ***, as are those of its query.
std::string redact_url(std::string_view url);

// A header's value: that of Authorization, Proxy-Authorization, Cookie, Set-Cookie and Sec-WebSocket-Protocol is ***.
std::string redact_header(std::string_view name, std::string_view value);

}  // namespace chat
