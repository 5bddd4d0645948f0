#include "config/load.hpp"

#include "config/env_file.hpp"
#include "config/secret_check.hpp"
#include "config/setting_kinds.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <sched.h>

namespace chat {
namespace {

constexpr std::size_t kShownBytes = 60;

// A value as an error shows it: short, and nothing a terminal would act on.
std::string shown(std::string_view value) {
  std::string out = "\"";
  for (const char c : value.substr(0, kShownBytes)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return out + (value.size() > kShownBytes ? "...\"" : "\"");
}

std::optional<std::string> get_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

struct Found {
  std::string value, origin;
};

// An empty value is as good as none: compose passes variables on that way.
std::optional<Found> find_value(const std::string& name, const LoadSources& sources) {
  if (const auto flag = sources.flags.find(name); flag != sources.flags.end() && !flag->second.empty()) {
    return Found{flag->second, "flag"};
  }
  const auto environment = sources.environment ? sources.environment(name) : get_environment(name);
  if (environment && !environment->empty()) return Found{*environment, "environment"};
  // Names in the file in any case, as the original reads them; of several the last.
  const auto& file = sources.env_file;
  const auto entry = std::find_if(file.rbegin(), file.rend(), [&](const auto& e) { return upper(e.first) == name; });
  if (entry != file.rend() && !entry->second.empty()) return Found{entry->second, ".env"};
  return std::nullopt;
}

void read_all(const LoadSources& sources, LoadedSettings& loaded) {
  for (const auto& definition : setting_table()) {
    const auto& info = definition.info;
    const auto found = find_value(info.name, sources);
    if (!found) continue;
    loaded.origin[info.name] = found->origin;
    if (const auto advice = definition.read(loaded.settings, found->value)) {
      const auto what = info.secret ? " cannot be used" : " is " + shown(found->value);
      loaded.problems.push_back(info.name + what + " (" + found->origin + "): " + *advice + ".");
    }
  }
}

void warn_of_misspelt_names(const LoadSources& sources, LoadedSettings& loaded) {
  std::vector<std::string> names;
  for (const auto& info : all_settings()) names.push_back(info.name);
  for (const auto& [name, value] : sources.env_file) {
    const auto key = upper(name);
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    if (const auto best = closest_word(key, names); !best.empty()) {
      loaded.warnings.push_back(name + " in .env is no setting; did you mean " + best + "?");
    }
  }
}

void check_together(const Settings& s, std::vector<std::string>& problems) {
  const auto need = [&](bool holds, const char* sentence) {
    if (!holds) problems.emplace_back(sentence);
  };
  need(s.history_default <= s.history_max, "HISTORY_DEFAULT is more than HISTORY_MAX: write one that is not.");
  need(s.room_frame_bytes <= s.backlog_bytes,
       "ROOM_FRAME_BYTES is more than BACKLOG_BYTES: no reader could take such a message; write a larger "
       "BACKLOG_BYTES.");
  need(s.pong_timeout < s.ping_interval, "PONG_TIMEOUT is not less than PING_INTERVAL: write a smaller PONG_TIMEOUT.");
  need(s.recovery_bytes <= s.backlog_bytes / 2,
       "RECOVERY_BYTES is more than half of BACKLOG_BYTES: write a smaller RECOVERY_BYTES or a larger BACKLOG_BYTES.");
  need(s.ring_bytes <= s.retained_bytes && s.backlog_bytes <= s.retained_bytes,
       "RETAINED_BYTES is less than BACKLOG_BYTES or RING_BYTES: write a larger RETAINED_BYTES.");
  need(s.journal_batch_bytes <= s.journal_queue_bytes,
       "JOURNAL_QUEUE_BYTES is less than JOURNAL_BATCH_BYTES: write a larger JOURNAL_QUEUE_BYTES.");
  need(s.journal_batch_messages <= s.journal_queue_messages,
       "JOURNAL_QUEUE_MESSAGES is less than JOURNAL_BATCH_MESSAGES: write a larger JOURNAL_QUEUE_MESSAGES.");
  need(s.secret_key.empty() || s.secret_key_file.empty(),
       "SECRET_KEY and SECRET_KEY_FILE are both set: write only one of them.");
}

void finish(LoadedSettings& loaded) {
  auto& s = loaded.settings;
  if (s.threads == 0) s.threads = cpus_of_affinity_mask();
  if (s.hash_threads == 0) s.hash_threads = std::max(1, cpus_of_affinity_mask() - 1);
  s.secret_key = pem_with_line_ends(s.secret_key);
  if (!s.secret_key.empty()) check_secret("SECRET_KEY", s.secret_key, s.algorithm, loaded.problems, loaded.warnings);
  if (s.secret_key.empty() && s.secret_key_file.empty() && !is_hmac_name(s.algorithm)) {
    loaded.problems.push_back("SECRET_KEY is not set, and ALGORITHM=" + s.algorithm +
                              " needs a private key: write its path to SECRET_KEY_FILE, or ALGORITHM=HS256.");
  }
  if (!s.rate_limits) loaded.warnings.emplace_back("RATE_LIMITS is off: passwords can be guessed without limit.");
  if (s.database_url && s.database_url->kind == DatabaseUrl::Kind::memory) {
    loaded.warnings.emplace_back("DATABASE_URL is memory: everything is lost when the server ends.");
  }
}

}  // namespace

DatabaseUrl Settings::database() const {
  if (database_url) return *database_url;
  DatabaseUrl url;
  url.path = data_dir + (data_dir.ends_with('/') ? "" : "/") + "chat.db";
  return url;
}

int cpus_of_affinity_mask() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

LoadedSettings load_settings(const LoadSources& sources) {
  LoadedSettings loaded;
  read_all(sources, loaded);
  warn_of_misspelt_names(sources, loaded);
  if (loaded.problems.empty()) check_together(loaded.settings, loaded.problems);
  if (loaded.problems.empty()) finish(loaded);
  return loaded;
}

LoadedSettings load_settings(const FlagValues& flags) {
  LoadSources sources;
  sources.flags = flags.values;
  const auto path = flags.env_file.value_or(".env");
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  LoadedSettings failed;
  if (!file && flags.env_file) {
    failed.problems.push_back("--env-file names " + path +
                              ", which cannot be read: write the path of a file, or leave it out.");
    return failed;
  }
  auto entries = parse_env_file(text);
  if (!entries) {
    failed.problems.push_back(path + ", " + entries.error().message + ".");
    return failed;
  }
  for (auto& e : *entries) sources.env_file.emplace_back(std::move(e.name), std::move(e.value));
  return load_settings(sources);
}

}  // namespace chat
