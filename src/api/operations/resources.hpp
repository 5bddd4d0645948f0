// What a client may ask of REST v1, of the realtime protocol or of both; one file a resource.
#pragma once

#include "api/operations/operations.hpp"
#include "chat/accounts.hpp"
#include "chat/feeds.hpp"
#include "chat/messages.hpp"
#include "chat/rooms.hpp"
#include "chat/sessions.hpp"
#include "ports/journal.hpp"
#include "ports/stores.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace chat::api {

class EventTails;
class Typing;

// Something without which the server is not ready; an error's message is the sentence that says so.
struct ReadinessCheck {
  std::string name;  // "database", "journal"
  std::function<awaitable<Result<void>>()> check;
};
ReadinessCheck store_readiness(UserStore& users, BlockingPool& read_pool);
ReadinessCheck journal_readiness(const Journal& journal);

// What the operations work with. All outlive them. For a document alone nothing is needed.
struct Services {
  Accounts* accounts = nullptr;
  Sessions* sessions = nullptr;
  Rooms* rooms = nullptr;
  Messages* messages = nullptr;
  Feeds* feeds = nullptr;
  EventTails* tails = nullptr;
  Typing* typing = nullptr;
  const Clock* clock = &system_clock();
  std::vector<ReadinessCheck> readiness = {};
  std::function<std::string()> metrics = {};  // text format 0.0.4; render_prometheus when empty
};

void add_user_operations(Operations& operations, const Services& services);
void add_auth_operations(Operations& operations, const Services& services);
void add_room_operations(Operations& operations, const Services& services);
void add_history_operations(Operations& operations, const Services& services);
void add_message_operations(Operations& operations, const Services& services);
void add_event_operations(Operations& operations, const Services& services);
void add_typing_operations(Operations& operations, const Services& services);
void add_service_routes(Operations& operations, const Services& services);
// `document` may be filled later, but before a request comes.
void add_page_routes(Operations& operations, std::shared_ptr<const std::string> document);

// All of them, and the document that describes those of REST.
Operations make_operations(const Services& services);

}  // namespace chat::api
