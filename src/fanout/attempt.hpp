// Work for a pool's thread, where nobody catches: what it throws becomes an answer like any other.
#pragma once

#include "base/result.hpp"

#include <exception>
#include <type_traits>

namespace chat::fanout {

template <class Work>
std::invoke_result_t<Work&> attempt(Work work) {
  try {
    return work();
  } catch (const std::exception& e) {
    return Error(Errc::internal, e.what());
  }
}

}  // namespace chat::fanout
