#include "api/operations/resources.hpp"

#include "api/openapi.hpp"

namespace chat::api {

Operations make_operations(const Services& services) {
  Operations operations;
  auto document = std::make_shared<std::string>();
  add_page_routes(operations, document);
  add_user_operations(operations, services);
  add_auth_operations(operations, services);
  add_room_operations(operations, services);
  add_history_operations(operations, services);
  add_message_operations(operations, services);
  add_event_operations(operations, services);
  add_typing_operations(operations, services);
  add_service_routes(operations, services);
  *document = openapi_document(operations);
  return operations;
}

}  // namespace chat::api
