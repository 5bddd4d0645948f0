// A wire dialect: what the generator must know of a server to drive it. It turns intentions into bytes and bytes into
// events, and does no input or output of its own; sockets, clocks, checks and figures are the generator's.
//
// To add a peer, write one file, dialects/<name>.cpp (CMake takes every file of that folder):
//
//   #include "load/dialect.hpp"
//   #include "load/websocket.hpp"            // frames and the upgrade, if it speaks WebSocket
//   namespace load { namespace {
//   class Echo final : public Dialect { ... };   // see dialects/ws.cpp, the shortest one
//   const Registered echo{"echo", [](std::string_view parameters) -> std::unique_ptr<Dialect> {
//     return std::make_unique<Echo>(parameters); }};
//   }}
//
// and `load fanout --dialect echo ...` (or `--dialect echo:some,parameters`) drives it.
//
// A connection's life: TCP connects -> `hello` -> bytes come, `parse` is called again and again and reports `open` (the
// bare handshake is over), then `ready` (joined: from now on it is owed every message of its room) -> `publish`, if it
// is a sender -> `leave`. All is called on one thread; one Dialect serves every connection of a run, what belongs to
// one connection is in its Session.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load/stamp.hpp"

namespace load {

// What one connection is for. The views outlive it.
struct Role {
  std::uint32_t index = 0;     // among all connections of the run: unique, good for names and ids
  std::uint32_t room = 0;      // index of its room
  std::string_view room_name;  // as the server calls it: an id, a path, a topic
  std::string_view token{};    // empty if the run has none
  bool sends = false;          // publishes into its room
  bool receives = true;        // wants its room's messages; a sender that needs no subscription to publish has false
  std::uint32_t sender = 0;    // if it sends: its index among the senders of its room
  bool bare = false;           // stops at the handshake: `open` is all that is waited for
  std::int64_t after = -1;     // resume behind this sequence number; -1: join at the top
  std::string_view epoch{};    // of that position, as `ready` told it
  unsigned history = 0;        // messages wanted at joining, where the server does that
};

// A connection as its dialect sees it; `stage` and `commands` are the dialect's own, zero at the beginning.
struct Session {
  Role role;
  std::uint8_t stage = 0;
  std::uint32_t commands = 0;
};

struct Event {
  enum class Kind : std::uint8_t {
    open,      // the bare handshake is over
    ready,     // joined; `seq` the room's top and `text` its epoch where the server tells them
    delivery,  // a message: `stamp` (number 0: it has none, somebody else wrote it), and `seq` where the server numbers
               // its events (0: not)
    ack,       // of the own message `stamp.number`; `seq` as above
    signal,    // something that is counted only: typing, presence
    error      // `text` says what; ends the run with status 1
  };
  Kind kind;
  Stamp stamp{};
  std::int64_t seq = 0;
  std::string_view text{};  // into the bytes given to `parse`, or static
};

// A message that bears this stamp has come. One's own copy, from a server that sends it to everybody, stands for its
// ack.
inline Event arrived(const Session& session, const Stamp& stamp) {
  const Role& role = session.role;
  const bool own = role.sends && stamp.sender == role.sender && stamp.room == role.room;
  return {.kind = own ? Event::Kind::ack : Event::Kind::delivery, .stamp = stamp};
}

struct Traits {
  bool acks = false;      // publishing is answered by `ack` (or by an own copy that the dialect reports as `ack`)
  bool numbered = false;  // `seq` of deliveries and acks is dense on every connection: checked
  bool resumes = false;   // understands Role::after: storms with replay are possible
  // What a sender's own connection gets of its room, besides acks: nothing, or the other senders' messages.
  // (A server that echoes to the sender: let the dialect report the own copy as `ack`.)
  bool senders_receive = false;
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual Traits traits() const = 0;

  // The first bytes of a connection, appended to `out`.
  virtual void hello(Session& session, std::string& out) = 0;

  // Appends the bytes that publish a message of this content: `stamp` as text, then padding. Called when ready.
  virtual void publish(Session& session, const Stamp& stamp, std::string_view content, std::string& out) = 0;

  // Reads what came. Appends one event for each thing understood, and to `out` what must be answered (pongs, the next
  // step of the handshake); returns how many bytes of `in` are done with. The rest, an unfinished frame, is given again
  // with more behind it. The hot path: no allocation per frame.
  virtual std::size_t parse(Session& session, std::string_view in, std::string& out, std::vector<Event>& events) = 0;

  // Appends a polite goodbye (unsubscribe, close); the generator closes the socket behind it.
  virtual void leave(Session&, std::string&) {}

  // Appends "the user is typing", or returns false where there is no such thing.
  virtual bool typing(Session&, std::string&) { return false; }
};

// The table of dialects, filled by the Registered of each file.
using MakeDialect = std::unique_ptr<Dialect> (*)(std::string_view parameters);
struct Registered {
  Registered(std::string_view name, MakeDialect make);
};

// `name` or `name:parameters`; null for an unknown name.
std::unique_ptr<Dialect> make_dialect(std::string_view name_and_parameters);
std::vector<std::string_view> dialect_names();

// The number behind `key=` in parameters ("frame=180,ack=0"), or `otherwise`.
long parameter(std::string_view parameters, std::string_view key, long otherwise);

}  // namespace load
