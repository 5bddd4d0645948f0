// The JSON encoding of the Centrifuge client protocol, one object at a time: what centrifuge_codec.hpp chooses from,
// and where the contracts stand.
#pragma once

#include "base/result.hpp"
#include "protocol/centrifuge.hpp"

#include <string>
#include <string_view>

namespace chat::centrifuge::json {

Result<Command> read_command(std::string_view object);
Result<EmulationRequest> read_emulation_request(std::string_view body);

template <class R>
void append_reply(std::string& out, std::uint32_t id, const R& result);
void append_error(std::string& out, std::uint32_t id, const ErrorObject& error);
template <class P>
void append_push(std::string& out, std::string_view channel, const P& push);

}  // namespace chat::centrifuge::json
