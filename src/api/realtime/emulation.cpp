#include "api/realtime/emulation.hpp"

#include "base/ids.hpp"

#include <utility>

namespace chat::api {
namespace {

// 244 random bits of the kernel's.
std::string make_secret() { return Uuid::v4().str() + Uuid::v4().str(); }

}  // namespace

EmulatedSessions::EmulatedSessions() : node_(Uuid::v4().str()) {}

std::string EmulatedSessions::add(std::weak_ptr<RealtimeSession> session, transport::EventLoop& loop) {
  std::string secret = make_secret();
  const std::lock_guard lock(mutex_);
  entries_.emplace(secret, Entry{std::move(session), &loop});
  return secret;
}

void EmulatedSessions::remove(std::string_view secret) noexcept {
  const std::lock_guard lock(mutex_);
  entries_.erase(std::string(secret));
}

// The lock is held while it is posted, so that two requests cannot change places between here and the loop.
Result<void> EmulatedSessions::deliver(std::string_view node, std::string_view secret, std::string commands) {
  if (node != node_) return Error{Errc::not_found, "another node's session"};
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(std::string(secret));
  if (found == entries_.end()) return Error{Errc::not_found, "no such session"};
  found->second.loop->post([session = found->second.session, commands = std::move(commands)] {
    if (const auto alive = session.lock()) alive->on_commands(commands);
  });
  return {};
}

}  // namespace chat::api
