// Is this an e-mail address? Syntax only, with the rules and sentences of python-email-validator as pydantic calls it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chat::schema {

// Nothing for an address that can be used; otherwise what is wrong, as a sentence. `address` is trimmed, valid UTF-8.
//
// Taken: dot-atom local parts and host names with at least one period, both with letters of any script; at most 254
// bytes. Not taken: quoted local parts, display names, IP addresses in brackets, top-level names that do not end in a
// letter. Unlike the Python package: names reserved by RFC 6761 (".test", ".local") are taken, since nothing is sent
// there, and international host names are checked by character, not by IDNA's tables.
std::optional<std::string> email_problem(std::string_view address);

}  // namespace chat::schema
