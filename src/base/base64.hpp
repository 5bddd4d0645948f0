// Base64 (RFC 4648), strictly: one text for each value. Pure.
//
// Decoders refuse any character outside the alphabet, white space, stray bits in the last character and (where the
// form has none) padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chat {

// The URL alphabet without padding (RFC 4648, 5), as JWTs have it.
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

// The standard alphabet without padding, as PHC strings have it.
std::string base64_encode_unpadded(std::string_view bytes);
std::optional<std::string> base64_decode_unpadded(std::string_view text);

}  // namespace chat
