// What the parts of a chat session have in common. For chat_session*.cpp.
#pragma once

#include "api/error_map.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "protocol/centrifuge.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace chat::api {

// With the message that it has, which is for the client; without one, the table's.
inline centrifuge::ErrorObject error_of(Error error) {
  auto mapped = realtime_error(std::move(error));
  centrifuge::ErrorObject object;
  object.code = mapped.code;
  object.message = std::move(mapped.message);
  object.temporary = mapped.temporary;
  return object;
}

// Of an error whose message is for developers: the client gets the table's sentence.
inline centrifuge::ErrorObject error_of(Errc code) { return error_of(Error(code)); }

inline std::uint64_t offset_of(Seq seq) { return static_cast<std::uint64_t>(seq.value); }

// An offset that no seq can be is the last one.
inline Seq seq_of(std::uint64_t offset) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return Seq(static_cast<std::int64_t>(std::min(offset, kMost)));
}

}  // namespace chat::api
