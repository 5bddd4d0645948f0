// How much of what clients give is kept, where no setting says so.
#pragma once

#include <cstddef>

namespace chat {

inline constexpr std::size_t kMaxClientIdBytes = 64;
inline constexpr std::size_t kMaxMetadataBytes = 8 << 10;  // of a message's, as JSON without white space

}  // namespace chat
