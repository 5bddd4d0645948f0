// One call of an operation, whatever door it came through: who calls, and with what.
#pragma once

#include "chat/sessions.hpp"
#include "ports/journal.hpp"
#include "schema/describe.hpp"

#include <optional>
#include <string>

namespace chat::api {

// A part of an input (path, query, body) that an operation does not have.
struct None {};
BOOST_DESCRIBE_STRUCT(None, (), ())

// What a handler knows of its caller. Owns all it holds.
struct CallContext {
  std::optional<Session> session = {};  // always set where the operation asks for a token, and in every rpc
  std::string address = {};             // as limits count it (IpAddress::limit_key)
  std::string request_id = {};
  Origin origin = {};  // the realtime connection; none over REST
};

template <class Path, class Query, class Body>
struct Call {
  CallContext context;
  Path path{};
  Query query{};
  Body body{};
  std::string subject = {};  // what the sentence of an error names; set before it is answered

  const Session& session() const { return *context.session; }
};

}  // namespace chat::api
