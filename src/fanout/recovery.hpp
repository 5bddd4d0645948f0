// The one-reply recovery of the Centrifuge protocol: what is asked, and what comes back.
#pragma once

#include "model/ids.hpp"
#include "protocol/centrifuge.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace chat::fanout {

struct RecoverFrom {
  std::optional<Seq> after;            // none: nothing is to be recovered, the subscription begins at the top
  std::size_t max_events = 1000;       // more than that, or more bytes, and nothing is recovered
  std::size_t max_bytes = 512 * 1024;  // of the publications' data; below what makes a reader slow
  bool insist = false;                 // rather fail, with Errc::conflict, than begin with a gap
};

struct Recovery {
  bool recovered = false;
  Seq top;  // the live stream goes on with the number behind it
  // When recovered: everything after RecoverFrom::after up to `top`, ascending, without a hole.
  std::vector<centrifuge::Publication> publications;
};

}  // namespace chat::fanout
