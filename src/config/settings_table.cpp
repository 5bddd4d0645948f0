// Every setting, described once: loading, checking, check-config, config-doc and .env.example all come from here. Names
// are those of the environment; a flag is the name in lower case with dashes. Defaults stand in settings.hpp.
#include "config/setting_kinds.hpp"

namespace chat {
namespace {

using namespace std::chrono_literals;
using setting::Definition;
using setting::Ms;
constexpr std::size_t kKiB = 1024, kMiB = 1024 * 1024, kGiB = 1024 * kMiB;
using List = std::vector<Definition>;

void storage_and_identity(List& list) {
  using namespace setting;
  list.push_back(database_url(
      {"DATABASE_URL",
       "Where everything is stored: postgresql://user:password@host:5432/name (postgres:// and SQLAlchemy's driver "
       "suffixes too), sqlite:///relative.db, sqlite:////absolute.db, or memory: (lost at the end; for tests). "
       "Not set: chat.db in the data folder, an SQLite file."}));
  list.push_back(text({"DATA_DIR",
                       "The data folder, made with mode 0700 if it is not there: the generated secret, the "
                       "lock file and, without DATABASE_URL, the database."},
                      &Settings::data_dir));
  list.push_back(text({"SECRET_KEY",
                       "What signs the access tokens. HS*: any text, best 32 random bytes or more. RS*, ES*: the "
                       "private key in PEM form "
                       "(in one line, with \\n for its line ends, or in SECRET_KEY_FILE). Not set, with HS*: one is "
                       "generated and kept in "
                       "DATA_DIR/secret_key."},
                      &Settings::secret_key, true));
  list.push_back(text({"SECRET_KEY_FILE",
                       "A file that holds what SECRET_KEY would; at most one of the two. A line end "
                       "at the end does not count."},
                      &Settings::secret_key_file));
  list.push_back(choice({"ALGORITHM", "How access tokens are signed; a token that says otherwise is refused."},
                        &Settings::algorithm,
                        {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}));
  list.push_back(number({"ACCESS_TOKEN_EXPIRE_MINUTES", "How long an access token is good."},
                        &Settings::access_token_expire_minutes, 1, 5'256'000, "minutes"));
  list.push_back(number({"SESSION_MAX_DAYS", "How long after the login its token can still be refreshed."},
                        &Settings::session_max_days, 1, 36'500, "days"));
  list.push_back(text({"DB_USER", "For docker-compose.yaml only: the database user it creates."}, &Settings::db_user));
  list.push_back(
      text({"DB_PASSWORD", "For docker-compose.yaml only: that user's password."}, &Settings::db_password, true));
  list.push_back(text({"DB_NAME", "For docker-compose.yaml only: the database it creates."}, &Settings::db_name));
}

void serving(List& list) {
  using namespace setting;
  list.push_back(
      setting::listen({"LISTEN", "Address and port; port 0 takes any free one and prints it; IPv6 in brackets."}));
  list.push_back(number({"THREADS", "Event loops (shards); 0: one for each CPU this process may run on."},
                        &Settings::threads, 0, 1024, ""));
  list.push_back(choice(
      {"LOG_FORMAT", "text: key=value for people; json: one object a line; auto: text on a terminal, else json."},
      &Settings::log_format, {"auto", "text", "json"}));
  list.push_back(choice({"LOG_LEVEL", "What is less important than this is not logged."}, &Settings::log_level,
                        {"trace", "debug", "info", "warn", "error", "off"}));
  list.push_back(origins({"ALLOWED_ORIGINS",
                          "Origins whose pages may open sockets and call the API, separated by commas. "
                          "Not set or *: any. Callers that are no browsers send none and are always allowed."}));
  list.push_back(networks({"TRUSTED_PROXIES",
                           "Addresses and networks whose X-Forwarded-For is believed, separated by "
                           "commas. Not set: nobody's."}));
  list.push_back(duration({"DRAIN_TIME", "After SIGTERM: how long running requests and goodbyes may take."},
                          &Settings::drain_time, 0ms, 10min));
  list.push_back(number({"LISTEN_BACKLOG", "Connections the kernel may hold that have not been accepted."},
                        &Settings::listen_backlog, 1, 65535, "connections"));
}

void http(List& list) {
  using namespace setting;
  list.push_back(
      size({"MAX_HEADER_BYTES", "Header block of a request; more is a 431."}, &Settings::max_header_bytes, kKiB, kMiB));
  list.push_back(
      size({"MAX_URI_BYTES", "Target of a request; more is a 414."}, &Settings::max_uri_bytes, 256, 64 * kKiB));
  list.push_back(size({"MAX_BODY_BYTES", "Body of a request, unless its route says otherwise; more is a 413."},
                      &Settings::max_body_bytes, kKiB, 64 * kMiB));
  list.push_back(duration({"HEADER_TIMEOUT", "For a request's first line and headers to arrive."},
                          &Settings::header_timeout, 100ms, 10min));
  list.push_back(duration({"BODY_TIMEOUT", "For a request's body to arrive."}, &Settings::body_timeout, 100ms, 1h));
  list.push_back(duration({"KEEP_ALIVE_TIMEOUT", "How long an idle HTTP connection is kept."},
                          &Settings::keep_alive_timeout, 100ms, 1h));
  list.push_back(duration({"WRITE_TIMEOUT", "For a client to take an answer that is waiting for it."},
                          &Settings::write_timeout, 100ms, 1h));
}

void sockets(List& list) {
  using namespace setting;
  list.push_back(size({"ROOM_FRAME_BYTES", "Message on a room socket; more closes it with 1009."},
                      &Settings::room_frame_bytes, kKiB, 16 * kMiB));
  list.push_back(duration({"PING_INTERVAL", "How often the server pings a socket."}, &Settings::ping_interval, 1s, 1h));
  list.push_back(duration({"PONG_TIMEOUT", "Without a sign of life for this long after a ping, a socket is cut."},
                          &Settings::pong_timeout, 1s, 10min));
  list.push_back(duration({"CLOSE_TIMEOUT", "How long a closing socket waits for the other side."},
                          &Settings::close_timeout, 0ms, 1min));
  list.push_back(
      size({"BACKLOG_BYTES", "What a connection may owe its reader; one that falls further behind is closed as slow."},
           &Settings::backlog_bytes, 64 * kKiB, kGiB));
  list.push_back(size(
      {"RETAINED_BYTES", "Undelivered frames kept by one shard for all its readers; beyond it the slowest is closed."},
      &Settings::retained_bytes, kMiB, 64 * kGiB));
  list.push_back(size({"NOT_SENT_BYTES", "What the kernel may hold unsent on a socket (TCP_NOTSENT_LOWAT)."},
                      &Settings::not_sent_bytes, 4 * kKiB, 16 * kMiB));
  list.push_back(size({"SEND_BUFFER_BYTES", "The kernel's send buffer of a socket."}, &Settings::send_buffer_bytes,
                      16 * kKiB, 64 * kMiB));
  list.push_back(
      size({"RING_BYTES", "Recent events of a room kept in memory for those who resume; part of RETAINED_BYTES."},
           &Settings::ring_bytes, 4 * kKiB, 64 * kMiB));
  list.push_back(number({"HISTORY_DEFAULT", "Messages shown to a room socket that joins without ?history=N."},
                        &Settings::history_default, 0, 10'000, "messages"));
  list.push_back(
      number({"HISTORY_MAX", "The most that ?history=N may ask for."}, &Settings::history_max, 0, 100'000, "messages"));
  list.push_back(size({"CATCH_UP_PAGE_BYTES", "How much of the missed messages is read and sent at a time."},
                      &Settings::catch_up_page_bytes, 4 * kKiB, 16 * kMiB));
  list.push_back(duration({"CATCH_UP_TIMEOUT", "A reader that catches up may take no longer than this for one page."},
                          &Settings::catch_up_timeout, 1s, 1h));
  list.push_back(
      number({"JOIN_NOTICE_MAX_SOCKETS", "In a room of more sockets than this, joining and leaving are not announced."},
             &Settings::join_notice_max_sockets, 0, 1'000'000, "sockets"));
  list.push_back(
      number({"SOCKETS_PER_USER", "Open sockets of one user."}, &Settings::sockets_per_user, 1, 1'000'000, "sockets"));
  list.push_back(
      duration({"TOKEN_CHECK_INTERVAL",
                "How often disabled users and ended sessions are looked for; their sockets die within twice this."},
               &Settings::token_check_interval, 100ms, 1min));
}

void realtime(List& list) {
  using namespace setting;
  list.push_back(
      size({"REALTIME_MESSAGE_BYTES",
            "Frame of a realtime connection; more closes it with 1009, after which official SDKs never come back: "
            "keep it well above the largest message."},
           &Settings::realtime_message_bytes, 64 * kKiB, 64 * kMiB));
  list.push_back(duration({"REALTIME_CONNECT_TIMEOUT", "From the handshake to a good connect command."},
                          &Settings::realtime_connect_timeout, 1s, 10min));
  list.push_back(duration({"REALTIME_EXPIRY_GRACE",
                           "How long a realtime connection may outlive its token, so that its client can refresh it."},
                          &Settings::realtime_expiry_grace, 0ms, 1h));
  list.push_back(number({"REALTIME_CHANNELS", "Channels one realtime connection may be subscribed to."},
                        &Settings::realtime_channels, 1, 10'000, "channels"));
  list.push_back(number({"RECOVERY_EVENTS",
                         "Missed events that a subscribing client is given at once; who missed more is told so and "
                         "pages through history."},
                        &Settings::recovery_events, 500, 100'000, "events"));
  list.push_back(size({"RECOVERY_BYTES", "Likewise; at most half of BACKLOG_BYTES."}, &Settings::recovery_bytes,
                      64 * kKiB, 64 * kMiB));
  list.push_back(number({"HISTORY_EVENTS", "Events in one answer to a history command."}, &Settings::history_events, 1,
                        10'000, "events"));
  list.push_back(
      number({"PRESENCE_MAX_CLIENTS", "In a room of more clients than this, who they are is not told, only how many."},
             &Settings::presence_max_clients, 0, 100'000, "clients"));
}

void limits(List& list) {
  using namespace setting;
  list.push_back(on_off({"RATE_LIMITS",
                         "off lifts every limit of this group that answers 429 or 111 or throttles, login "
                         "guesses included: for tests and benchmarks. Sizes, counts and queues stay."},
                        &Settings::rate_limits));
  list.push_back(number({"LOGIN_FAILURES_PER_PAIR",
                         "Failed logins to one account from one address in LOGIN_WINDOW; a success clears them."},
                        &Settings::login_failures_per_pair, 1, 30'000, "failures"));
  list.push_back(
      number({"LOGIN_FAILURES_PER_ACCOUNT",
              "Failed logins to one account from everywhere, not counting addresses it was lately used from."},
             &Settings::login_failures_per_account, 1, 30'000, "failures"));
  list.push_back(
      number({"LOGIN_FAILURES_PER_ADDRESS", "Failed logins from one address (IPv6: one /64), to whatever account."},
             &Settings::login_failures_per_address, 1, 30'000, "failures"));
  list.push_back(duration({"LOGIN_WINDOW", "The sliding time in which failed logins are counted."},
                          &Settings::login_window, 10s, 24h));
  list.push_back(duration({"LOGIN_SUCCESS_MEMORY", "How long after a login an address counts as the owner's."},
                          &Settings::login_success_memory, 1min, 24h * 365));
  list.push_back(number({"SIGNUPS_PER_HOUR", "Accounts made from one address."}, &Settings::signups_per_hour, 1,
                        1'000'000, "an hour"));
  list.push_back(decimal(
      {"ROOMS_PER_SECOND", "Rooms a user may create, in the long run."},
      [](Settings& s) -> double& { return s.rooms.rate; }, 0.001, 1e6, "a second"));
  list.push_back(decimal(
      {"ROOMS_BURST", "Rooms a user may create at once."}, [](Settings& s) -> double& { return s.rooms.burst; }, 1, 1e6,
      "rooms"));
  list.push_back(decimal(
      {"MESSAGES_PER_SECOND", "Messages a user may send, in the long run."},
      [](Settings& s) -> double& { return s.messages.rate; }, 0.001, 1e6, "a second"));
  list.push_back(decimal(
      {"MESSAGES_BURST", "Messages a user may send at once."}, [](Settings& s) -> double& { return s.messages.burst; },
      1, 1e6, "messages"));
  list.push_back(number({"LIMIT_SLOTS", "Addresses and users that each limit remembers, 32 to 48 bytes each."},
                        &Settings::limit_slots, 1024, 16'777'216, "entries"));
}

void passwords(List& list) {
  using namespace setting;
  list.push_back(number({"ARGON2_MEMORY_KIB",
                         "Memory of one password hash. A stored hash of another cost is replaced at the next login."},
                        &Settings::argon2_memory_kib, 1024, 262'144, "KiB"));
  list.push_back(
      number({"ARGON2_PASSES", "Passes over that memory (argon2's t)."}, &Settings::argon2_passes, 1, 10, "passes"));
  list.push_back(number({"ARGON2_LANES", "Lanes of that memory (argon2's p); one thread computes them all."},
                        &Settings::argon2_lanes, 1, 64, "lanes"));
  list.push_back(
      number({"HASH_THREADS", "Threads that hash passwords, at low priority; 0: one less than the CPUs, at least one."},
             &Settings::hash_threads, 0, 256, "threads"));
  list.push_back(number({"HASH_QUEUE", "Passwords waiting to be hashed; more is a 503."}, &Settings::hash_queue, 1,
                        100'000, "jobs"));
  list.push_back(number({"HASH_QUEUE_PER_ADDRESS", "How many of them may come from one address."},
                        &Settings::hash_queue_per_address, 1, 100'000, "jobs"));
}

void stores(List& list) {
  using namespace setting;
  list.push_back(number({"JOURNAL_BATCH_MESSAGES", "Messages committed together, at most."},
                        &Settings::journal_batch_messages, 1, 4096, "messages"));
  list.push_back(size({"JOURNAL_BATCH_BYTES", "The bytes of a batch, at most."}, &Settings::journal_batch_bytes,
                      64 * kKiB, 64 * kMiB));
  list.push_back(number({"JOURNAL_QUEUE_MESSAGES", "Messages waiting to be committed; more are refused or not read."},
                        &Settings::journal_queue_messages, 16, 10'000'000, "messages"));
  list.push_back(size({"JOURNAL_QUEUE_BYTES", "The bytes of all waiting messages together."},
                      &Settings::journal_queue_bytes, kMiB, 16 * kGiB));
  list.push_back(
      duration({"JOURNAL_MAX_WAIT", "What has waited this long is refused before it is sent to the database."},
               &Settings::journal_max_wait, 100ms, 5min));
  list.push_back(number({"READER_THREADS", "Threads, each with a connection, that read from the database."},
                        &Settings::reader_threads, 1, 256, "threads"));
  list.push_back(number({"READER_QUEUE", "Reads waiting for them; more is a 503."}, &Settings::reader_queue, 1,
                        1'000'000, "reads"));
  list.push_back(number({"PG_WRITER_LANES", "PostgreSQL connections that commit, each for its share of the rooms."},
                        &Settings::pg_writer_lanes, 1, 16, "lanes"));
}

List build() {
  List list;
  const auto group = [&](const char* name, void (*add)(List&)) {
    const auto before = list.size();
    add(list);
    for (auto i = before; i < list.size(); ++i) list[i].info.group = name;
  };
  group("Storage and identity", storage_and_identity);
  group("Serving", serving);
  group("HTTP", http);
  group("Sockets", sockets);
  group("Realtime connections", realtime);
  group("Rate limits", limits);
  group("Passwords", passwords);
  group("Journal and stores", stores);
  const Settings defaults;
  for (auto& d : list) d.info.default_value = d.write(defaults);
  return list;
}

}  // namespace

const std::vector<Definition>& setting_table() {
  static const List table = build();
  return table;
}

std::span<const SettingInfo> all_settings() {
  static const std::vector<SettingInfo> infos = [] {
    std::vector<SettingInfo> out;
    for (const auto& d : setting_table()) out.push_back(d.info);
    return out;
  }();
  return infos;
}

}  // namespace chat
