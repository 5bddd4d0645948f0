// What the SDKs' suites ask a server's back door for. Home: the channels' loop.
#pragma once

#include "base/result.hpp"
#include "conformance/channels.hpp"

#include <string>
#include <string_view>

namespace chat::conformance {

// Body {channel, data}. Publishes, and answers {"result":{"offset","epoch"}}.
// Errc::invalid for a body that is none. What the protocol refuses is an answer: {"error":{"code","message"}}.
Result<std::string> api_publish(Channels& channels, std::string_view body);

// Body {channel, limit, reverse}. Answers {"result":{"publications":[{"data","offset"}],"offset","epoch"}}; likewise.
Result<std::string> api_history(Channels& channels, std::string_view body);

}  // namespace chat::conformance
