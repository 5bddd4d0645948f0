// Connections for clients that cannot have a WebSocket: replies come as the body of an HTTP answer that does not end
// (`http_stream`, `sse`), commands go by POST /emulation, which finds the session by a secret that only its client
// knows.
#pragma once

#include "api/operations/operations.hpp"
#include "api/realtime/options.hpp"
#include "api/realtime/session.hpp"
#include "base/result.hpp"
#include "transport/event_loop.hpp"
#include "transport/http_types.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace chat::api {

// The emulated sessions of this node. Thread-safe.
class EmulatedSessions {
 public:
  EmulatedSessions();

  // This node's name in connect results, for whoever routes requests between nodes.
  const std::string& node() const noexcept { return node_; }

  // A new secret for the session, which lives on `loop`. Until `remove`.
  std::string add(std::weak_ptr<RealtimeSession> session, transport::EventLoop& loop);
  void remove(std::string_view secret) noexcept;

  // Hands commands to the session, in the order of the calls. Errc::not_found: no such session, or another node's.
  Result<void> deliver(std::string_view node, std::string_view secret, std::string commands);

 private:
  struct Entry {
    std::weak_ptr<RealtimeSession> session;
    transport::EventLoop* loop;
  };

  const std::string node_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

using MakeSession = std::function<std::shared_ptr<RealtimeSession>(const RealtimeSession::Wire& wire,
                                                                   const transport::HttpRequest& request)>;

// POST /connection/http_stream (the first commands are its body; Protobuf as application/octet-stream), GET and POST
// /connection/sse (?cf_connect=, or its body), POST /emulation. All referenced objects outlive the table.
void add_emulation_routes(Operations& operations, EmulatedSessions& sessions, const RealtimeOptions& options,
                          MakeSession make);

}  // namespace chat::api
