#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

namespace chat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Map = std::map<std::string, std::string>;

LoadedSettings load(const Map& env_file, const Map& environment = {}, const Map& flags = {}) {
  LoadSources sources;
  sources.flags = flags;
  sources.environment = [environment](const std::string& name) {
    const auto it = environment.find(name);
    return it == environment.end() ? std::nullopt : std::optional<std::string>(it->second);
  };
  sources.env_file.assign(env_file.begin(), env_file.end());
  return load_settings(sources);
}

std::string problem(const Map& env_file) {
  const auto loaded = load(env_file);
  return loaded.problems.size() == 1 ? loaded.problems[0] : std::to_string(loaded.problems.size()) + " problems";
}

TEST(Settings, HaveTheContractsDefaults) {
  const auto loaded = load({});
  ASSERT_THAT(loaded.problems, ElementsAre());
  const auto& s = loaded.settings;
  EXPECT_EQ(s.listen.host, "127.0.0.1");
  EXPECT_EQ(s.listen.port, 8000);
  EXPECT_EQ(s.algorithm, "HS256");
  EXPECT_EQ(s.session_max_days, 30);
  EXPECT_EQ(s.join_notice_max_sockets, 200);
  EXPECT_EQ(s.max_header_bytes, 16384u);
  EXPECT_EQ(s.max_uri_bytes, 8192u);
  EXPECT_EQ(s.max_body_bytes, 1048576u);
  EXPECT_EQ(s.header_timeout, std::chrono::seconds(10));
  EXPECT_EQ(s.body_timeout, std::chrono::seconds(30));
  EXPECT_EQ(s.keep_alive_timeout, std::chrono::seconds(60));
  EXPECT_EQ(s.realtime_message_bytes, 1048576u);
  EXPECT_EQ(s.room_frame_bytes, 65536u);
  EXPECT_EQ(s.ping_interval, std::chrono::seconds(25));
  EXPECT_EQ(s.pong_timeout, std::chrono::seconds(10));
  EXPECT_EQ(s.backlog_bytes, 1048576u);
  EXPECT_EQ(s.login_failures_per_pair, 10);
  EXPECT_EQ(s.login_failures_per_account, 50);
  EXPECT_EQ(s.login_failures_per_address, 60);
  EXPECT_EQ(s.login_window, std::chrono::minutes(5));
  EXPECT_EQ(s.signups_per_hour, 100);
  EXPECT_EQ(s.rooms.rate, 5);
  EXPECT_EQ(s.rooms.burst, 100);
  EXPECT_EQ(s.messages.rate, 50);
  EXPECT_EQ(s.messages.burst, 300);
  EXPECT_EQ(s.sockets_per_user, 500);
  EXPECT_EQ(s.journal_batch_messages, 128);
  EXPECT_EQ(s.journal_max_wait, std::chrono::seconds(5));
  EXPECT_EQ(s.argon2_memory_kib, 65536);
  EXPECT_LE(s.drain_time, std::chrono::seconds(10));
  EXPECT_EQ(s.threads, cpus_of_affinity_mask());
  EXPECT_GE(s.hash_threads, 1);
  EXPECT_EQ(s.database().kind, DatabaseUrl::Kind::sqlite);
  EXPECT_EQ(s.database().path, "./data/chat.db");
}

// Each default, written down and read again, is itself: what .env.example shows can be uncommented as it is.
TEST(Settings, EveryDefaultReadsBack) {
  Map all;
  for (const auto& info : all_settings()) {
    if (!info.default_value.empty()) all[info.name] = info.default_value;
  }
  EXPECT_GT(all.size(), 50u);
  const auto loaded = load(all);
  EXPECT_THAT(loaded.problems, ElementsAre());
  const auto again = describe_settings(loaded), before = describe_settings(load({}));
  std::istringstream a(again), b(before);
  for (std::string x, y; std::getline(a, x) && std::getline(b, y);) {
    EXPECT_EQ(x.substr(0, x.find("  (")), y.substr(0, y.find("  (")));
  }
}

TEST(Settings, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  EXPECT_EQ(load({{"DATA_DIR", "c"}}, {{"DATA_DIR", "b"}}, {{"DATA_DIR", "a"}}).settings.data_dir, "a");
  EXPECT_EQ(load({{"DATA_DIR", "c"}}, {{"DATA_DIR", "b"}}).settings.data_dir, "b");
  EXPECT_EQ(load({{"DATA_DIR", "c"}}).settings.data_dir, "c");
  const auto loaded = load({{"THREADS", "3"}}, {{"LOG_LEVEL", "warn"}}, {{"DATA_DIR", "a"}});
  EXPECT_EQ(loaded.origin, (Map{{"THREADS", ".env"}, {"LOG_LEVEL", "environment"}, {"DATA_DIR", "flag"}}));
}

TEST(Settings, AnEmptyValueCountsAsNotSet) {
  EXPECT_EQ(load({{"DATA_DIR", "c"}}, {{"DATA_DIR", ""}}).settings.data_dir, "c");
  EXPECT_EQ(load({{"THREADS", ""}}).problems.size(), 0u);
}

TEST(Settings, NamesInTheFileMayBeInAnyCase) { EXPECT_EQ(load({{"data_dir", "c"}}).settings.data_dir, "c"); }

TEST(Settings, AWrongOneIsOneSentenceThatSaysWhichAndWhatToWrite) {
  EXPECT_EQ(problem({{"THREADS", "many"}}), "THREADS is \"many\" (.env): write a whole number from 0 to 1024.");
  EXPECT_EQ(problem({{"RATE_LIMITS", "maybe"}}), "RATE_LIMITS is \"maybe\" (.env): write on or off.");
  EXPECT_THAT(problem({{"ALGORITHM", "none"}}), HasSubstr("write one of HS256, HS384"));
  EXPECT_THAT(problem({{"PING_INTERVAL", "5 parsecs"}}), HasSubstr("write a time from 1s to 1h"));
  EXPECT_THAT(problem({{"PING_INTERVAL", "2h"}}), HasSubstr("write a time from 1s to 1h"));
  EXPECT_THAT(problem({{"MAX_BODY_BYTES", "-1"}}), HasSubstr("write a size from 1KiB to 64MiB"));
  EXPECT_THAT(problem({{"ROOMS_PER_SECOND", "1e3"}}), HasSubstr("write a number"));
  EXPECT_THAT(problem({{"HISTORY_DEFAULT", "900"}, {"HISTORY_MAX", "800"}}),
              HasSubstr("HISTORY_DEFAULT is more than HISTORY_MAX"));
  EXPECT_THAT(problem({{"THREADS", std::string(500, '9')}}), HasSubstr("...\""));
  EXPECT_THAT(problem({{"THREADS", "\x1b[2J"}}), HasSubstr("\"?[2J\""));
}

TEST(Settings, AllWrongOnesAreFound) { EXPECT_EQ(load({{"THREADS", "x"}, {"LOG_LEVEL", "loud"}}).problems.size(), 2u); }

TEST(Settings, ListenTakesAddressesWithPorts) {
  const auto listen = [](const char* text) { return load({{"LISTEN", text}}).settings.listen; };
  EXPECT_EQ(listen("0.0.0.0:0").host, "0.0.0.0");
  EXPECT_EQ(listen("0.0.0.0:0").port, 0);
  EXPECT_EQ(listen("[::1]:9000").host, "::1");
  EXPECT_EQ(listen("[::1]:9000").port, 9000);
  EXPECT_EQ(listen("localhost:1").host, "127.0.0.1");
  for (const char* bad : {"8000", ":8000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
                          "::1:8000", "[127.0.0.1]:80", "[]:80", "chat.example.com:80", "1.2.3:80", "127.0.0.1:80x"}) {
    EXPECT_THAT(problem({{"LISTEN", bad}}), HasSubstr("write an IP address and a port")) << bad;
  }
}

TEST(Settings, OriginsAreComparedAsBrowsersSendThem) {
  EXPECT_THAT(load({{"ALLOWED_ORIGINS", "https://Chat.Example.com, http://localhost:5173 ,https://a.b:443"}})
                  .settings.allowed_origins,
              ElementsAre("https://chat.example.com", "http://localhost:5173", "https://a.b"));
  EXPECT_THAT(load({{"ALLOWED_ORIGINS", "*"}}).settings.allowed_origins, ElementsAre());
  for (const char* bad : {"chat.example.com", "https://", "https://a.b/path", "https://a.b,*", "https://a b"}) {
    EXPECT_THAT(problem({{"ALLOWED_ORIGINS", bad}}), HasSubstr("write origins such as")) << bad;
  }
}

TEST(Settings, ProxiesAreAddressesOrNetworks) {
  const auto networks = load({{"TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1,fd00::/8"}}).settings.trusted_proxies;
  ASSERT_EQ(networks.size(), 3u);
  EXPECT_TRUE(networks[0].contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_THAT(problem({{"TRUSTED_PROXIES", "10.0.0.1/8"}}), HasSubstr("TRUSTED_PROXIES"));
}

constexpr char kPrivatePem[] = "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----";

TEST(Settings, SecretsThatDoNotFitTheAlgorithmStopTheStart) {
  EXPECT_THAT(problem({{"SECRET_KEY", kPrivatePem}}),
              HasSubstr("SECRET_KEY holds a key in PEM form, but ALGORITHM is HS256"));
  EXPECT_THAT(
      problem({{"SECRET_KEY", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}, {"ALGORITHM", "HS512"}}),
      HasSubstr("PEM"));
  EXPECT_THAT(problem({{"ALGORITHM", "RS256"}}), HasSubstr("SECRET_KEY is not set"));
  EXPECT_THAT(problem({{"ALGORITHM", "RS256"}, {"SECRET_KEY", "a plain secret of some length"}}),
              HasSubstr("no key in PEM form"));
  EXPECT_THAT(problem({{"ALGORITHM", "ES256"}, {"SECRET_KEY", "-----BEGIN PUBLIC KEY-----\nAAAA"}}),
              HasSubstr("no private key"));
  EXPECT_THAT(problem({{"ALGORITHM", "ES256"}, {"SECRET_KEY", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA"}}),
              HasSubstr("encrypted"));
  EXPECT_THAT(problem({{"SECRET_KEY", "a good secret, this one"}, {"SECRET_KEY_FILE", "x"}}), HasSubstr("both set"));
  const auto good = load({{"ALGORITHM", "RS256"}, {"SECRET_KEY", kPrivatePem}});
  EXPECT_THAT(good.problems, ElementsAre());
  EXPECT_EQ(good.settings.secret_key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
}

TEST(Settings, PlaceholdersAreRefusedAndShortSecretsOnlyWarned) {
  for (const char* secret : {"changeme", "CHANGE_ME", "your-secret-key", "secret", "SECRET_KEY", "super-secret"}) {
    EXPECT_THAT(problem({{"SECRET_KEY", secret}}), HasSubstr("placeholder")) << secret;
  }
  const auto brief = load({{"SECRET_KEY", "fifteen bytes.."}});
  EXPECT_THAT(brief.problems, ElementsAre());
  EXPECT_THAT(brief.warnings, ElementsAre(HasSubstr("shorter than 16 bytes")));
  EXPECT_THAT(load({{"SECRET_KEY", "sixteen bytes..."}}).warnings, ElementsAre());
}

TEST(Settings, SecretsAreNeverShown) {
  const auto loaded = load({{"SECRET_KEY", "hunter2hunter2hunter2"},
                            {"DATABASE_URL", "postgresql://u:hunter2@h/d"},
                            {"DB_PASSWORD", "hunter2"}});
  EXPECT_THAT(loaded.problems, ElementsAre());
  EXPECT_THAT(describe_settings(loaded), testing::Not(HasSubstr("hunter2")));
  for (const char* url : {"mysql://u:hunter2@h/d", "postgresql://u:p@hunter2@h/d", "hunter2"}) {
    EXPECT_THAT(problem({{"DATABASE_URL", url}}),
                testing::AllOf(HasSubstr("DATABASE_URL cannot be used (.env)"), testing::Not(HasSubstr("hunter2"))));
  }
}

TEST(Settings, MisspeltNamesInTheFileAreWarnedOf) {
  EXPECT_THAT(load({{"ACESS_TOKEN_EXPIRE_MINUTES", "5"}}).warnings,
              ElementsAre(HasSubstr("did you mean ACCESS_TOKEN_EXPIRE_MINUTES?")));
  EXPECT_THAT(load({{"POSTGRES_INITDB_ARGS", "x"}}).warnings, ElementsAre());
}

TEST(Settings, DangerousOnesAreWarnedOf) {
  EXPECT_THAT(load({{"RATE_LIMITS", "off"}}).warnings, ElementsAre(HasSubstr("RATE_LIMITS is off")));
  EXPECT_THAT(load({{"DATABASE_URL", "memory:"}}).warnings, ElementsAre(HasSubstr("everything is lost")));
}

TEST(Flags, AreTheSettingsNamesAndLeaveTheRest) {
  const std::vector<std::string> args = {"serve",     "--data-dir", "/tmp/x", "--listen=[::1]:0",
                                         "--verbose", "-q",         "--",     "--threads=2"};
  const auto flags = take_setting_flags(args);
  ASSERT_TRUE(flags);
  EXPECT_EQ(flags->values, (Map{{"DATA_DIR", "/tmp/x"}, {"LISTEN", "[::1]:0"}}));
  EXPECT_THAT(flags->rest, ElementsAre("serve", "--verbose", "-q", "--", "--threads=2"));
  EXPECT_EQ(take_setting_flags(std::vector<std::string>{"--env-file=x"})->env_file, "x");
  for (const auto& info : all_settings()) {
    const std::vector<std::string> one = {flag_of(info.name) + "=v"};
    EXPECT_EQ(take_setting_flags(one)->values.at(info.name), "v");
  }
}

TEST(Flags, MissingValuesAndRepeatsAreErrors) {
  EXPECT_THAT(take_setting_flags(std::vector<std::string>{"--data-dir"}).error().message,
              HasSubstr("--data-dir needs a value"));
  EXPECT_THAT(take_setting_flags(std::vector<std::string>{"--data-dir", "--listen=x"}).error().message,
              HasSubstr("needs a value"));
  EXPECT_THAT(take_setting_flags(std::vector<std::string>{"--threads=1", "--threads=2"}).error().message,
              HasSubstr("given twice"));
}

TEST(Flags, AnUnknownOneGetsASuggestion) {
  EXPECT_EQ(unknown_flag_sentence("--dta-dir=x"), "There is no flag --dta-dir; did you mean --data-dir?");
  EXPECT_EQ(unknown_flag_sentence("--dry-rn", std::vector<std::string>{"--dry-run"}),
            "There is no flag --dry-rn; did you mean --dry-run?");
  EXPECT_EQ(unknown_flag_sentence("--frobnicate"), "There is no flag --frobnicate; --help lists those there are.");
}

TEST(LoadFromFile, ReportsThePlaceOfAMistake) {
  const auto path = testing::TempDir() + "/chatd-load-test.env";
  std::ofstream(path) << "DATA_DIR=x\nthis is no line\n";
  FlagValues flags;
  flags.env_file = path;
  EXPECT_THAT(load_settings(flags).problems, ElementsAre(HasSubstr(path + ", line 2: ")));
  flags.env_file = path + ".not-there";
  EXPECT_THAT(load_settings(flags).problems, ElementsAre(HasSubstr("cannot be read")));
}

TEST(Documentation, SaysEverySettingWithADescription) {
  const auto doc = config_doc_markdown(), example = env_example();
  for (const auto& info : all_settings()) {
    EXPECT_GE(info.description.size(), 15u) << info.name;
    EXPECT_THAT(doc, HasSubstr("| `" + info.name + "` |"));
    EXPECT_THAT(example, HasSubstr("\n#" + info.name + "="));
  }
}

// A setting that no code reads is a lie; only compose's own may be without a reader.
TEST(Documentation, EverySettingHasAReader) {
  namespace fs = std::filesystem;
  const auto text_of = [](const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const fs::path source = fs::path(CHATD_SOURCE_DIR) / "src";
  std::string readers = text_of(source / "config/data_dir.cpp");
  for (const auto& entry : fs::recursive_directory_iterator(source / "app"))
    if (entry.path().extension() == ".cpp") readers += text_of(entry.path());
  const std::string table = text_of(source / "config/settings_table.cpp");
  static const std::regex member("&Settings::(\\w+)|return s\\.(\\w+)\\.");
  std::size_t seen = 0;
  for (std::sregex_iterator it(table.begin(), table.end(), member), end; it != end; ++it, ++seen) {
    const auto name = (*it)[1].matched ? (*it)[1].str() : (*it)[2].str();
    if (name.starts_with("db_")) continue;
    EXPECT_TRUE(std::regex_search(readers, std::regex("\\." + name + "\\b"))) << name;
  }
  EXPECT_GT(seen, 50u);
}

TEST(Documentation, TheExampleInTheRepositoryIsTheOneMadeFromTheTable) {
  const std::string path = std::string(CHATD_SOURCE_DIR) + "/.env.example";
  if (std::getenv("UPDATE_GOLDEN")) std::ofstream(path) << env_example();
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, env_example()) << "run with UPDATE_GOLDEN=1";
}

}  // namespace
}  // namespace chat
