#include "storage/journal/execute_and_wait.hpp"

#include <future>
#include <memory>
#include <utility>

namespace chat::journal {

UserCommand own_command(UserId user, decltype(UserCommand::change) change) {
  UserCommand command;
  command.user_id = user;
  command.actor = {Principal::Kind::user, user, {}};
  command.change = std::move(change);
  return command;
}

Result<void> execute_and_wait(Journal& journal, UserCommand command) {
  // Shared: the lane may still be inside set_value when the waiting is over.
  const auto answer = std::make_shared<std::promise<Result<void>>>();
  const bool taken = journal.execute(std::move(command), [answer](const Result<Stored>& stored) {
    answer->set_value(stored ? Result<void>() : Result<void>(stored.error()));
  });
  if (!taken) return Error(Errc::overloaded, "the journal's queue is full, or it has stopped");
  return answer->get_future().get();
}

}  // namespace chat::journal
