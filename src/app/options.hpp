// From settings to the small Options structs of the modules: the one place that knows both.
#pragma once

#include "api/event_tail/event_tail.hpp"
#include "api/http/http_api.hpp"
#include "api/realtime/options.hpp"
#include "api/room_socket/options.hpp"
#include "auth/login_guard.hpp"
#include "chat/accounts.hpp"
#include "chat/hashing.hpp"
#include "chat/live_sessions.hpp"
#include "chat/messages.hpp"
#include "chat/rooms.hpp"
#include "chat/sessions.hpp"
#include "config/settings.hpp"
#include "fanout/options.hpp"
#include "storage/journal/journal_options.hpp"
#include "storage/open.hpp"
#include "transport/http_server.hpp"
#include "transport/listener.hpp"

namespace chat::app {

PasswordCost password_cost(const Settings& s);
AccountsOptions accounts_options(const Settings& s);
SessionOptions session_options(const Settings& s);
RoomsOptions rooms_options(const Settings& s);
MessagesOptions messages_options(const Settings& s);
LoginGuardOptions login_guard_options(const Settings& s);
HashingOptions hashing_options(const Settings& s);
LiveSessionsOptions live_sessions_options(const Settings& s);
fanout::FanOutOptions fan_out_options(const Settings& s);
journal::JournalOptions journal_options(const Settings& s);
transport::HttpServerOptions http_options(const Settings& s);
transport::ListenerOptions listener_options(const Settings& s);
api::RoomSocketOptions room_socket_options(const Settings& s);
api::RealtimeOptions realtime_options(const Settings& s);
api::EventTailOptions event_tail_options(const Settings& s);
storage::DatabaseTarget database_target(const Settings& s);
storage::StorageOptions serving_storage_options(const Settings& s);
// For one command beside a server that may be running: small writes, no lock file.
storage::StorageOptions command_storage_options(const Settings& s);
api::HttpApiOptions http_api_options(const Settings& s);

}  // namespace chat::app
