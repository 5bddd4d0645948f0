// The one table that turns an Errc into what clients see: an HTTP status, a code and a sentence, a close code of the
// room socket, an error code of the realtime protocol. Pure.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace chat::api {

struct ErrorMapping {
  Errc errc;
  int status;                    // HTTP
  std::string_view code;         // {"detail": {"error": <code>, ...}}
  std::string_view sentence;     // "{}" stands for what was asked for: a name, an id
  std::uint16_t close_code;      // RFC 6455 and its registry
  std::uint32_t realtime_code;   // of the Centrifuge protocol: 100..112 its own meanings, 404, 409 and 504 ours
  bool temporary;                // realtime: the same again may succeed, and SDKs try a connect or subscribe again
  std::string_view description;  // for the API's documentation
};

const ErrorMapping& mapping_of(Errc code) noexcept;

// The sentence for a client. `subject` is what stands for "{}"; nothing of Error::message, which is for developers.
std::string sentence_of(Errc code, std::string_view subject = {});

// An error as the realtime protocol has it: {"code":103,"message":"...","temporary":true}.
struct RealtimeError {
  std::uint32_t code;
  std::string message;
  bool temporary;
};
// Of an error whose message is a sentence for the client, as operations answer (Operation::call); without a message it
// is that of the table.
RealtimeError realtime_error(Error error);

// Seconds for Retry-After, 1 to 60; 0 for errors that say nothing about coming again.
int retry_after_seconds(const Error& error) noexcept;

}  // namespace chat::api
