// Settings, loaded and checked, with every complaint already told.
#pragma once

#include "config/load.hpp"

#include <optional>

namespace chat::app {

// Loads, checks and, with `data_dir`, makes the data folder and its secret. Nothing when a setting is wrong: one
// sentence for each has been written to stderr. Warnings go to the log.
std::optional<LoadedSettings> configure(const FlagValues& flags, bool data_dir);

}  // namespace chat::app
