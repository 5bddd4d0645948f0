// Every setting of chatd with its default, as plain values. Names, units, ranges and descriptions stand beside each
// other in settings_table.cpp; only app reads this, modules take a small Options struct.
#pragma once

#include "base/ip_address.hpp"
#include "base/token_bucket.hpp"
#include "config/database_url.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chat {

struct ListenAddress {
  std::string host = "127.0.0.1";  // an IP address, without brackets
  std::uint16_t port = 8000;       // 0 = any free one
};

struct Settings {
  using Ms = std::chrono::milliseconds;
  static constexpr std::size_t kKiB = 1024, kMiB = 1024 * 1024;

  // Storage and identity
  std::optional<DatabaseUrl> database_url;    // unset: an SQLite file in the data folder; see database()
  std::string database_url_text;              // as written, for the log through redact_url only
  std::string db_user, db_password, db_name;  // compose's; unused here
  std::string data_dir = "./data";
  std::string secret_key;  // after prepare_data_dir: never empty. HS*: the secret; RS*, ES*: the private key's PEM
  std::string secret_key_file;
  std::string algorithm = "HS256";
  int access_token_expire_minutes = 30;
  int session_max_days = 30;

  // Serving
  ListenAddress listen;
  int threads = 0;  // shards; after loading: never 0
  std::string log_format = "auto", log_level = "info";
  std::vector<std::string> allowed_origins;  // lower case, "https://host[:port]"; empty: any
  std::vector<IpNetwork> trusted_proxies;
  Ms drain_time{8000};
  int listen_backlog = 4096;

  // HTTP
  std::size_t max_header_bytes = 16 * kKiB, max_uri_bytes = 8 * kKiB, max_body_bytes = 1 * kMiB;
  Ms header_timeout{10'000}, body_timeout{30'000}, keep_alive_timeout{60'000}, write_timeout{30'000};

  // Sockets
  std::size_t room_frame_bytes = 64 * kKiB;
  Ms ping_interval{25'000}, pong_timeout{10'000}, close_timeout{3'000};
  std::size_t backlog_bytes = 1 * kMiB, retained_bytes = 64 * kMiB;
  std::size_t not_sent_bytes = 64 * kKiB, send_buffer_bytes = 256 * kKiB;
  std::size_t ring_bytes = 256 * kKiB;
  int history_default = 50, history_max = 1000;
  std::size_t catch_up_page_bytes = 256 * kKiB;
  Ms catch_up_timeout{60'000};
  int join_notice_max_sockets = 200;
  int sockets_per_user = 500;
  Ms token_check_interval{1'000};  // how often changed token versions are looked for

  // Realtime connections (the Centrifuge protocol)
  std::size_t realtime_message_bytes = 1 * kMiB;
  Ms realtime_connect_timeout{15'000}, realtime_expiry_grace{25'000};
  int realtime_channels = 128;
  int recovery_events = 1000, history_events = 500;
  std::size_t recovery_bytes = 512 * kKiB;
  int presence_max_clients = 1000;

  // Limits that answer 429 or 111, or throttle
  bool rate_limits = true;  // false lifts all of this group
  int login_failures_per_pair = 10, login_failures_per_account = 50, login_failures_per_address = 60;
  Ms login_window{300'000}, login_success_memory{86'400'000};
  int signups_per_hour = 100;  // per address
  RateLimit rooms{5, 100};     // per user: a second, burst
  RateLimit messages{50, 300};
  int limit_slots = 65536;  // keys that each limit remembers

  // Passwords
  int argon2_memory_kib = 65536, argon2_passes = 3, argon2_lanes = 4;
  int hash_threads = 0;  // after loading: never 0
  int hash_queue = 128, hash_queue_per_address = 64;

  // Journal and stores
  int journal_batch_messages = 128;
  std::size_t journal_batch_bytes = 256 * kKiB;
  int journal_queue_messages = 8192;
  std::size_t journal_queue_bytes = 16 * kMiB;
  Ms journal_max_wait{5'000};
  int reader_threads = 4, reader_queue = 1024;
  int pg_writer_lanes = 2;

  // database_url, or the SQLite file of the data folder.
  DatabaseUrl database() const;
};

// CPUs this process may run on; at least 1.
int cpus_of_affinity_mask();

}  // namespace chat
