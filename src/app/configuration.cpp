#include "app/configuration.hpp"

#include "app/command_line.hpp"
#include "config/data_dir.hpp"

namespace chat::app {

std::optional<LoadedSettings> configure(const FlagValues& flags, bool data_dir) {
  LoadedSettings loaded = load_settings(flags);
  for (const std::string& problem : loaded.problems) fail(problem);
  if (!loaded.problems.empty()) return std::nullopt;
  if (data_dir) {
    if (auto made = prepare_data_dir(loaded.settings, loaded.warnings); !made) {
      fail(made.error().message);
      return std::nullopt;
    }
  }
  return loaded;
}

}  // namespace chat::app
