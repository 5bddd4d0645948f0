// What a lane needs of a database: store a batch, or carry out a command, and say what became of each.
//
// Home: the lane's thread; every call blocks.
#pragma once

#include "base/result.hpp"
#include "ports/journal.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace chat::sql {
class Connection;
}

namespace chat::journal {

enum class Fate : std::uint8_t {
  untried,   // certainly not stored; goes back to the head of its room
  stored,    // durable: `stored` (and a command's `events`) are set
  repeated,  // an earlier send with this client_id is durable: `stored` is its answer
  refused,   // certainly not stored and never will be: `error`
  busy,      // certainly not stored: somebody else holds the feed's row
  unsure,    // the connection was lost at COMMIT: look before sending again
};

struct WriteItem {
  // Exactly one of the three; they outlive the call.
  const AppendMessage* message = nullptr;
  const FeedCommand* command = nullptr;
  const UserCommand* user_command = nullptr;
  bool look_first = false;  // a former flight left it unsure: it may be stored already

  Fate fate = Fate::untried;
  Stored stored;
  Error error;
  // Of a command: whether there is anything to commit, and the events it left, that of its own feed first. A message's
  // event is made by the lane.
  bool changed = false;
  std::vector<std::shared_ptr<const Event>> events;

  bool is_command() const { return !message; }
  // Forgets what a transaction that was rolled back seemed to do.
  void undo(Fate now) {
    fate = now;
    changed = false;
    events.clear();
  }
  void refuse(Errc code, std::string text) {
    fate = Fate::refused;
    error = Error(code, std::move(text));
  }
};

struct FlightReport {
  // Not empty: the database is away (why); call `open` before the next flight.
  std::string away;
  // Not empty: the data contradicts itself; nothing must be written any more.
  std::string halted;
};

class FeedWriter {
 public:
  virtual ~FeedWriter() = default;

  // Connects, or connects again. The error is a sentence for the log and the readiness check.
  virtual Result<void> open() = 0;

  // Either messages only, in their order, which is kept within each room, or one command alone.
  virtual FlightReport write(std::span<WriteItem> items) = 0;

  // The connection for other writes of the process, between flights; null where they do not pass through the journal,
  // and before the first `open` that succeeded.
  virtual sql::Connection* connection() { return nullptr; }
  virtual bool lends_connection() const { return false; }  // thread-safe
};

// What a stored message's subscribers are told. A replay from the store gives an equal one as long as the message is
// unchanged.
std::shared_ptr<const Event> created_event(const AppendMessage& message, const Stored& stored);

}  // namespace chat::journal
