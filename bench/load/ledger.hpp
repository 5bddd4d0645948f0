// What one connection is owed, and whether what came is that: of each sender of its room each message once and in
// order, of no other room any, the server's own numbers without a hole, its acks in the order of its messages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/stamp.hpp"

namespace load {

class Ledger {
 public:
  // `senders` of `room`, of each of which `first` is the number due. 0: whichever comes first, and the room's past may
  // come before it: messages of before `born_ns`, when the run began, or of no generator at all (number 0). Where the
  // server numbers its events, `last_seq` is the one before the next, if known.
  void open(std::uint32_t room, std::size_t senders, std::uint32_t first, std::uint64_t born_ns,
            std::int64_t last_seq = 0) {
    room_ = room;
    next_.assign(senders, first);
    last_seq_ = last_seq;
    born_ns_ = born_ns;
    past_allowed_ = first == 0;
  }

  // Each returns what is wrong, as the rest of a sentence, or nothing.
  std::string delivery(const Stamp& stamp, std::uint64_t now) {
    if (stamp.sent_ns < born_ns_ || stamp.number == 0)
      return past_allowed_ ? "" : "got " + said(stamp) + ", which is none of this run";
    if (stamp.sender >= next_.size() || stamp.sent_ns > now) return "got " + said(stamp) + ", which nobody sent";
    if (stamp.room != room_) return "got " + said(stamp) + " of another room, " + std::to_string(stamp.room);
    std::uint32_t& due = next_[stamp.sender];
    if (stamp.number == due || due == 0) [[likely]] {
      due = stamp.number + 1;
      return {};
    }
    if (stamp.number < due) return "got " + said(stamp) + " again, or late: " + std::to_string(due) + " was due";
    return "got " + said(stamp) + " where " + std::to_string(due) + " was due: lost, or out of order";
  }

  std::string seq(std::int64_t seq) {
    if (seq == 0) return "got an event without the server's number";
    const std::int64_t last = last_seq_;
    last_seq_ = seq;
    if (last == 0 || seq == last + 1) [[likely]]
      return {};
    return "got seq " + std::to_string(seq) + " behind " + std::to_string(last);
  }

  std::string ack(std::uint32_t number) {
    if (number != last_ack_ + 1)
      return "got the ack of " + std::to_string(number) + " behind that of " + std::to_string(last_ack_);
    last_ack_ = number;
    return {};
  }

  // The number due from a sender; 0: any.
  std::uint32_t due(std::size_t sender) const { return next_[sender]; }
  std::int64_t last_seq() const { return last_seq_; }

 private:
  static std::string said(const Stamp& s) {
    return "message " + std::to_string(s.number) + " of sender " + std::to_string(s.sender);
  }

  std::uint32_t room_ = 0, last_ack_ = 0;
  std::int64_t last_seq_ = 0;
  std::uint64_t born_ns_ = 0;
  bool past_allowed_ = false;
  std::vector<std::uint32_t> next_;
};

}  // namespace load
