// A publication as one subscriber gets it. Pure.
#pragma once

#include "protocol/centrifuge.hpp"

#include <string>
#include <string_view>

namespace chat::conformance {

// A JSON connection can carry nothing else.
bool is_json(std::string_view data);

// For a subscriber with deltas: against `base` where that is shorter, else (or without a base) whole. Over JSON the
// data is a string, which holds the payload's text or the delta's.
centrifuge::Publication delta_coded(const centrifuge::Publication& publication, const std::string* base,
                                    centrifuge::Encoding encoding);

}  // namespace chat::conformance
