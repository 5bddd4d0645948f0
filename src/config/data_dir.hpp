// The data folder and the secret that lives in it.
#pragma once

#include "base/result.hpp"
#include "config/settings.hpp"

#include <string>

namespace chat {

// Makes DATA_DIR (0700, its parents as usual) if it is not there. Errc::invalid with a sentence naming DATA_DIR when
// it is no folder or cannot be written to.
Result<void> make_data_dir(const std::string& data_dir);

// The secret in DATA_DIR/secret_key: 64 random characters, made once (0600, synced to disk) and never written again.
// Any number of processes may call this at the same moment: all get the same secret.
Result<std::string> load_or_make_secret(const std::string& data_dir);

// make_data_dir, then fills settings.secret_key from SECRET_KEY_FILE or the data folder where SECRET_KEY is not set,
// and checks it. `warnings` gets what is worth a line in the log.
Result<void> prepare_data_dir(Settings& settings, std::vector<std::string>& warnings);

}  // namespace chat
