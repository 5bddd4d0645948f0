#include "schema/fault_list.hpp"

#include <algorithm>

namespace chat::schema {

void FaultList::missing(Loc loc) {
  if (full()) return;
  faults_.push_back({"missing", std::move(loc), "Field required", std::nullopt, std::nullopt});
}

void FaultList::add(Loc loc, Issue issue, std::string input_json) {
  if (full()) return;
  Fault fault{std::move(issue.type), std::move(loc), std::move(issue.msg), std::nullopt, std::nullopt};
  if (!issue.ctx_json.empty()) fault.ctx_json = std::move(issue.ctx_json);
  if (issue.show_input && !input_json.empty() && input_bytes_ + input_json.size() <= limits_.max_input_bytes) {
    input_bytes_ += input_json.size();
    fault.input_json = std::move(input_json);
  }
  faults_.push_back(std::move(fault));
}

void FaultList::sort_by_field(std::size_t first, std::size_t depth, const ObjectInfo& object) {
  const auto place = [&](const Fault& fault) {
    if (fault.loc.size() <= depth) return object.size;
    const auto* name = std::get_if<std::string>(&fault.loc[depth]);
    std::size_t i = 0;
    while (name && i < object.size && object.fields[i].name != *name) ++i;
    return i;
  };
  std::stable_sort(faults_.begin() + static_cast<std::ptrdiff_t>(first), faults_.end(),
                   [&](const Fault& a, const Fault& b) { return place(a) < place(b); });
}

bool holds_secret(const TypeOps& type) noexcept {
  // Types refer to themselves only through an array or a wrapper; eight steps see every password worth hiding.
  const auto look = [](const auto& self, const TypeOps& t, int steps) -> bool {
    if (t.secret) return true;
    if (steps == 0) return false;
    if (t.inner && self(self, *t.inner, steps - 1)) return true;
    for (std::size_t i = 0; t.object && i < t.object->size; ++i) {
      if (self(self, *t.object->fields[i].type, steps - 1)) return true;
    }
    return false;
  };
  return look(look, type, 8);
}

}  // namespace chat::schema
