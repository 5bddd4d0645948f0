// The user stores' way into the journal.
#pragma once

#include "base/result.hpp"
#include "ports/journal.hpp"

namespace chat::journal {

// A change that the account itself is taken for the author of.
UserCommand own_command(UserId user, decltype(UserCommand::change) change);

// Blocks until the journal has answered; never on a lane's own thread. Errc::overloaded: it is full, or has stopped.
Result<void> execute_and_wait(Journal& journal, UserCommand command);

}  // namespace chat::journal
