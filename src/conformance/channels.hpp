// Channels in memory, made when they are first used: their publications and who is subscribed. Everything is kept until
// the process ends: this serves test runs.
//
// Home: one event loop; nothing here is locked.
#pragma once

#include "conformance/stream.hpp"
#include "protocol/centrifuge.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace chat::conformance {

class Channel;

// A connection as its channels see it. None of the calls may subscribe or leave in turn.
class Subscriber {
 public:
  // `before`: the data of the publication before it, if it is known.
  virtual void on_publication(const Channel& channel, const centrifuge::Publication& publication,
                              const std::string* before) = 0;
  virtual void on_join(const Channel& channel, const centrifuge::ClientInfo& who) = 0;
  virtual void on_leave(const Channel& channel, const centrifuge::ClientInfo& who) = 0;
  virtual const centrifuge::ClientInfo& info() const noexcept = 0;  // constant while it is subscribed

 protected:
  ~Subscriber() = default;
};

class Channel {
 public:
  Channel(std::string name, std::string epoch, std::size_t kept)
      : name_(std::move(name)), stream_(std::move(epoch), kept) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  const std::string& name() const noexcept { return name_; }
  const Stream& stream() const noexcept { return stream_; }

  // Kept, and sent to every subscriber.
  void publish(std::string data, std::optional<centrifuge::ClientInfo> from);

  // Gets publications from now on; the others hear of it by `announce`, once it has its answer.
  void add(Subscriber& subscriber) { subscribers_.push_back(&subscriber); }
  void announce(const Subscriber& newcomer) const;
  // Who stays hears of it, unless `quietly`.
  void remove(Subscriber& subscriber, bool quietly = false);

  const std::vector<Subscriber*>& subscribers() const noexcept { return subscribers_; }
  std::size_t count_users() const;

 private:
  const std::string name_;
  Stream stream_;
  std::vector<Subscriber*> subscribers_;  // each once, in the order in which they came
};

class Channels {
 public:
  explicit Channels(std::string epoch) : epoch_(std::move(epoch)) {}

  // The channel of that name, if this user may use it. Names without ':' are open to everybody, those that begin with
  // '#' (personal channels) to the user behind it; of namespaces there are `recovery`, `delta` and `smallhistory`.
  std::variant<Channel*, centrifuge::ErrorCode> open(std::string_view name, std::string_view user);
  // For the server's own calls, which may use any.
  std::variant<Channel*, centrifuge::ErrorCode> open(std::string_view name);

 private:
  const std::string epoch_;
  std::unordered_map<std::string, std::unique_ptr<Channel>> channels_;
};

}  // namespace chat::conformance
