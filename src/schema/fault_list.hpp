// Faults as they are found, bounded in number and size. Inside this module only.
#pragma once

#include "schema/fault.hpp"
#include "schema/type_ops.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace chat::schema {

class FaultList {
 public:
  FaultList(std::vector<Fault>& faults, const Limits& limits) : faults_(faults), limits_(limits) {}

  std::size_t size() const noexcept { return faults_.size(); }
  void clear() { faults_.clear(); }

  void missing(Loc loc);
  // `input_json` is left out when the issue says so or the answer is large enough already.
  void add(Loc loc, Issue issue, std::string input_json);

  // Brings the faults from `first` on, all inside one object whose fields stand at `depth` of their loc, into the order
  // of its fields.
  void sort_by_field(std::size_t first, std::size_t depth, const ObjectInfo& object);

 private:
  // One is always kept: a refused input never looks like a good one.
  bool full() const noexcept { return !faults_.empty() && faults_.size() >= limits_.max_faults; }

  std::vector<Fault>& faults_;
  const Limits& limits_;
  std::size_t input_bytes_ = 0;
};

}  // namespace chat::schema
