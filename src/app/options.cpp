#include "app/options.hpp"

#include <algorithm>

namespace chat::app {
namespace {

// RATE_LIMITS=off lifts what answers 429 or throttles.
RateLimit limited(const Settings& s, RateLimit limit) { return s.rate_limits ? limit : RateLimit{}; }

std::size_t size_of(int number) { return static_cast<std::size_t>(number); }

}  // namespace

PasswordCost password_cost(const Settings& s) {
  return {.memory_kib = static_cast<std::uint32_t>(s.argon2_memory_kib),
          .passes = static_cast<std::uint32_t>(s.argon2_passes),
          .lanes = static_cast<std::uint32_t>(s.argon2_lanes)};
}

AccountsOptions accounts_options(const Settings& s) {
  const double an_hour = s.signups_per_hour;
  AccountsOptions o;
  o.password_cost = password_cost(s);
  o.sign_ups = limited(s, {an_hour / 3600, an_hour});
  o.rate_entries = size_of(s.limit_slots);
  return o;
}

SessionOptions session_options(const Settings& s) {
  SessionOptions o;
  o.token_lifetime = std::chrono::minutes(s.access_token_expire_minutes);
  o.session_max = std::chrono::hours(24) * s.session_max_days;
  o.user_cache_age = std::min(o.user_cache_age, s.token_check_interval);
  return o;
}

RoomsOptions rooms_options(const Settings& s) {
  RoomsOptions o;
  o.creations = limited(s, s.rooms);
  o.rate_entries = size_of(s.limit_slots);
  return o;
}

// Whatever way a message comes, it is no larger than a room socket could have sent it.
MessagesOptions messages_options(const Settings& s) {
  MessagesOptions o;
  o.max_content_bytes = s.room_frame_bytes;
  o.messages = limited(s, s.messages);
  o.rate_entries = size_of(s.limit_slots);
  return o;
}

LoginGuardOptions login_guard_options(const Settings& s) {
  return {.enabled = s.rate_limits,
          .per_pair = s.login_failures_per_pair,
          .per_account = s.login_failures_per_account,
          .per_address = s.login_failures_per_address,
          .window = std::chrono::ceil<std::chrono::seconds>(s.login_window),
          .success_memory = std::chrono::ceil<std::chrono::seconds>(s.login_success_memory),
          .slots = size_of(s.limit_slots)};
}

HashingOptions hashing_options(const Settings& s) {
  HashingOptions o;
  o.threads = size_of(s.hash_threads);
  o.queue_limit = size_of(s.hash_queue);
  o.limit_per_address = size_of(s.hash_queue_per_address);
  return o;
}

LiveSessionsOptions live_sessions_options(const Settings& s) {
  LiveSessionsOptions o;
  o.poll_interval = s.token_check_interval;
  o.max_sockets_per_user = size_of(s.sockets_per_user);
  return o;
}

fanout::FanOutOptions fan_out_options(const Settings& s) {
  fanout::FanOutOptions o;
  o.ring_bytes = s.ring_bytes;
  o.shard_bytes = s.retained_bytes;
  o.page_bytes = s.catch_up_page_bytes;
  o.join_notice_max_sockets = size_of(s.join_notice_max_sockets);
  o.catch_up_stall = s.catch_up_timeout;
  return o;
}

journal::JournalOptions journal_options(const Settings& s) {
  journal::JournalOptions o;
  o.lanes = size_of(s.pg_writer_lanes);
  o.queue_messages = size_of(s.journal_queue_messages);
  o.queue_bytes = s.journal_queue_bytes;
  o.batch_messages = size_of(s.journal_batch_messages);
  o.batch_bytes = s.journal_batch_bytes;
  o.max_wait = s.journal_max_wait;
  return o;
}

transport::HttpServerOptions http_options(const Settings& s) {
  transport::HttpServerOptions o;
  o.head_bytes = s.max_header_bytes;
  o.target_bytes = s.max_uri_bytes;
  o.header_timeout = s.header_timeout;
  o.held_body_bytes = std::max(o.held_body_bytes, 4 * s.max_body_bytes);
  o.body_timeout = s.body_timeout;
  o.idle_timeout = s.keep_alive_timeout;
  o.write_timeout = s.write_timeout;
  return o;
}

transport::ListenerOptions listener_options(const Settings& s) {
  transport::ListenerOptions o;
  o.host = s.listen.host;
  o.port = s.listen.port;
  o.backlog = s.listen_backlog;
  o.socket.send_buffer_bytes = static_cast<int>(s.send_buffer_bytes);
  o.socket.unsent_low_water_bytes = static_cast<int>(s.not_sent_bytes);
  return o;
}

api::RoomSocketOptions room_socket_options(const Settings& s) {
  api::RoomSocketOptions o;
  o.websocket.max_message_bytes = s.room_frame_bytes;
  o.websocket.backlog_bytes = s.backlog_bytes;
  o.websocket.ping_interval = s.ping_interval;
  o.websocket.pong_timeout = s.pong_timeout;
  o.websocket.close_timeout = s.close_timeout;
  o.max_content_bytes = s.room_frame_bytes;
  o.history_default = size_of(s.history_default);
  o.history_max = size_of(s.history_max);
  return o;
}

api::RealtimeOptions realtime_options(const Settings& s) {
  api::RealtimeOptions o;
  o.websocket.backlog_bytes = s.backlog_bytes;
  o.websocket.close_timeout = s.close_timeout;
  o.ping_interval = s.ping_interval;
  o.pong_timeout = s.pong_timeout;
  o.connect_timeout = s.realtime_connect_timeout;
  o.expiry_grace = std::chrono::ceil<std::chrono::seconds>(s.realtime_expiry_grace);
  o.channels = size_of(s.realtime_channels);
  o.message_bytes = s.realtime_message_bytes;
  o.recovery_events = size_of(s.recovery_events);
  o.recovery_bytes = s.recovery_bytes;
  o.history_events = size_of(s.history_events);
  o.history_bytes = s.recovery_bytes;
  o.presence_clients = size_of(s.presence_max_clients);
  return o;
}

api::EventTailOptions event_tail_options(const Settings& s) {
  api::EventTailOptions o;
  o.connection.backlog_bytes = s.backlog_bytes;
  o.connection.close_timeout = s.close_timeout;
  o.comment_interval = s.ping_interval;
  return o;
}

storage::DatabaseTarget database_target(const Settings& s) {
  const DatabaseUrl url = s.database();
  switch (url.kind) {
    case DatabaseUrl::Kind::postgresql:
      return {.kind = storage::DatabaseKind::postgres, .path = {}, .url = url.conninfo};
    case DatabaseUrl::Kind::memory:
      return {.kind = storage::DatabaseKind::memory, .path = {}, .url = {}};
    case DatabaseUrl::Kind::sqlite:
      break;
  }
  return {.kind = storage::DatabaseKind::sqlite, .path = url.path, .url = {}};
}

storage::StorageOptions serving_storage_options(const Settings& s) {
  storage::StorageOptions o;
  o.readers = size_of(s.reader_threads);
  o.migrate = true;
  return o;
}

storage::StorageOptions command_storage_options(const Settings&) {
  storage::StorageOptions o;
  o.readers = 1;
  o.pg_writers = 1;
  o.exclusive = false;
  o.migrate = true;
  return o;
}

api::HttpApiOptions http_api_options(const Settings& s) {
  return {
      .allowed_origins = s.allowed_origins, .trusted_proxies = s.trusted_proxies, .max_body_bytes = s.max_body_bytes};
}

}  // namespace chat::app
