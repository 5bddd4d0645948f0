// The commands of chatd, a file each. `words`: what stands behind the command and is no setting.
#pragma once

#include "config/load.hpp"

#include <span>
#include <string>

namespace chat::app {

using Words = std::span<const std::string>;

int serve(Words words, const FlagValues& flags);
int migrate(Words words, const FlagValues& flags);
int user(Words words, const FlagValues& flags);
int token(Words words, const FlagValues& flags);
int check_config(Words words, const FlagValues& flags);
int config_doc(Words words, const FlagValues& flags);
int openapi(Words words, const FlagValues& flags);
int asyncapi(Words words, const FlagValues& flags);
int healthcheck(Words words, const FlagValues& flags);
int conformance(Words words, const FlagValues& flags);
int version(Words words, const FlagValues& flags);

}  // namespace chat::app
