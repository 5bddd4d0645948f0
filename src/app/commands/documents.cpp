// The commands that only print: check-config, config-doc, openapi, asyncapi, version.
#include "api/asyncapi/document.hpp"
#include "api/openapi.hpp"
#include "app/command_line.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/words.hpp"
#include "app/configuration.hpp"
#include "app/version.hpp"

#include <cstdio>

namespace chat::app {
namespace {

int print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? kOk : kFailed;
}

}  // namespace

int check_config(Words words, const FlagValues& flags) {
  if (auto end = WordReader(words).end(); !end) return fail(end.error().message, kUsage);
  const auto loaded = configure(flags, /*data_dir=*/false);
  if (!loaded) return kConfiguration;
  for (const auto& warning : loaded->warnings) std::fprintf(stderr, "chatd: warning: %s\n", warning.c_str());
  return print(describe_settings(*loaded));
}

int config_doc(Words words, const FlagValues&) {
  WordReader reader(words);
  const bool env = reader.flag("--env");
  if (auto end = reader.end({"--env"}); !end) return fail(end.error().message, kUsage);
  return print(env ? env_example() : config_doc_markdown());
}

int openapi(Words words, const FlagValues&) {
  if (auto end = WordReader(words).end(); !end) return fail(end.error().message, kUsage);
  return print(api::openapi_document_for_people());
}

int asyncapi(Words words, const FlagValues&) {
  if (auto end = WordReader(words).end(); !end) return fail(end.error().message, kUsage);
  return print(api::asyncapi_document_for_people());
}

int version(Words words, const FlagValues&) {
  if (auto end = WordReader(words).end(); !end) return fail(end.error().message, kUsage);
  return print(std::string("chatd ") + kVersion + "\n");
}

}  // namespace chat::app
