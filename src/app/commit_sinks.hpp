// Several sinks where the journal knows one.
#pragma once

#include "ports/journal.hpp"

#include <utility>
#include <vector>

namespace chat::app {

// Each is told of every commit, in this order. All of them outlive the journal's lanes.
class CommitSinks final : public CommitSink {
 public:
  explicit CommitSinks(std::vector<CommitSink*> sinks) : sinks_(std::move(sinks)) {}

  void on_commit(const Commit& commit) override {
    for (CommitSink* sink : sinks_) sink->on_commit(commit);
  }

 private:
  const std::vector<CommitSink*> sinks_;
};

}  // namespace chat::app
