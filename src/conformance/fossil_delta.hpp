// Deltas in the format of Fossil: how a publication follows from the one before it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace chat::conformance {

// The delta that makes `target` of `origin`: their common start and end are copied, and what lies between as far as
// blocks of 16 bytes of it are somewhere in `origin`. With `whole_characters` (both are UTF-8) no sequence is cut, so
// that the delta is UTF-8 too.
std::string fossil_delta(std::string_view origin, std::string_view target, bool whole_characters);

}  // namespace chat::conformance
