// A .env file of any bytes, loaded to the end: settings, or sentences that hold no secret.
#include "config/env_file.hpp"
#include "config/load.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chat;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  LoadSources sources;
  sources.environment = [](const std::string&) { return std::optional<std::string>(); };
  const auto entries = parse_env_file(input);
  if (!entries) {
    if (!entries.error().message.starts_with("line ")) std::abort();
    // Read as a value instead: of a different setting each time.
    const auto& info = all_settings()[size % all_settings().size()];
    sources.env_file.emplace_back(info.name, std::string(input));
  } else {
    for (const auto& e : *entries) {
      if (e.name.empty() || e.line < 1) std::abort();
      sources.env_file.emplace_back(e.name, e.value);
    }
  }
  const auto loaded = load_settings(sources);
  if (loaded.problems.empty()) (void)describe_settings(loaded);
  return 0;
}
