#include "api/operations/operations.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace chat::api {

void Operations::add(std::unique_ptr<const Operation> operation) {
  const auto& spec = operation->spec;
  if (!spec.rpc.empty() && !methods_.emplace(spec.rpc, operation.get()).second)
    throw std::logic_error("declared twice: " + std::string(spec.rpc));
  if (!spec.path.empty()) router_.add(*operation);
  all_.push_back(std::move(operation));
}

const Operation* Operations::find(std::string_view method) const noexcept {
  const auto found = methods_.find(method);
  return found == methods_.end() ? nullptr : found->second;
}

}  // namespace chat::api
