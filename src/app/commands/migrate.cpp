#include "app/command_line.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/words.hpp"
#include "app/configuration.hpp"
#include "app/options.hpp"
#include "storage/open.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace chat::app {
namespace {

void say(const std::string& line) { std::printf("%s\n", line.c_str()); }

void tell(const storage::AdoptionReport& a, bool dry_run) {
  say(fmt::format("{} a database of the FastAPI service: {} users, {} rooms, {} messages,",
                  dry_run ? "Would adopt" : "Adopted", a.users, a.rooms, a.messages));
  if (a.messages_without_room > 0)
    say(fmt::format("  {} of them without a room, kept in one that is hidden,", a.messages_without_room));
  say(fmt::format("  {} memberships of authors and creators; times taken as {}.", a.memberships, a.source_timezone));
  if (a.same_but_for_case > 0)
    say(fmt::format(
        "  {} accounts differ from another one only in upper and lower case; each logs in by its exact spelling.",
        a.same_but_for_case));
}

void tell(const storage::MigrationReport& report) {
  if (report.adoption) tell(*report.adoption, report.dry_run);
  for (const std::string& name : report.applied)
    say(fmt::format("{} {}", report.dry_run ? "Would apply" : "Applied", name));
  if (report.applied.empty() && !report.adoption)
    say(fmt::format("The schema is current (version {}); nothing to do.", report.version));
  else if (report.dry_run)
    say("Nothing was changed.");
  else
    say(fmt::format("The schema is current (version {}).", report.version));
}

int status(const storage::DatabaseTarget& target) {
  auto status = storage::schema_status(target);
  if (!status) return fail(status.error().message);
  say(status->sentence);
  for (const std::string& name : status->pending) say("  pending: " + name);
  using State = storage::SchemaStatus::State;
  return status->state == State::newer || status->state == State::foreign ? kFailed : kOk;
}

}  // namespace

int migrate(Words words, const FlagValues& flags) {
  WordReader reader(words);
  const bool dry_run = reader.flag("--dry-run");
  auto zone = reader.value("--source-timezone");
  if (!zone) return fail(zone.error().message, kUsage);
  const std::string what = reader.positional().value_or("up");
  if (auto end = reader.end({"--dry-run", "--source-timezone"}); !end) return fail(end.error().message, kUsage);
  if (what != "up" && what != "status") return fail("migrate takes up or status, not \"" + what + "\".", kUsage);

  // The database file's folder may be the data folder, which has to be there.
  const auto loaded = configure(flags, /*data_dir=*/true);
  if (!loaded) return kConfiguration;
  const storage::DatabaseTarget target = database_target(loaded->settings);
  if (target.kind == storage::DatabaseKind::memory) return fail("DATABASE_URL=memory: has no schema to migrate.");
  if (what == "status") return status(target);
  storage::StorageOptions options;
  options.holder = "chatd migrate";
  auto report = storage::migrate(target, {.source_timezone = zone->value_or("UTC")}, dry_run, options);
  if (!report) return fail(report.error().message);
  tell(*report);
  return kOk;
}

}  // namespace chat::app
