// All operations: one table, of which HTTP has the paths, the realtime protocol the methods, and the documents both.
//
// Immutable once it serves, so any thread may ask. Outlives every call.
#pragma once

#include "api/http/router.hpp"
#include "api/operations/operation.hpp"

#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace chat::api {

class Operations {
 public:
  // Throws std::logic_error for an rpc name, or a path and method, that is declared twice.
  void add(std::unique_ptr<const Operation> operation);

  template <class Path, class Query, class Body, class Out, class Handler>
  void add(OperationSpec spec, Handler handler) {
    add(make_operation<Path, Query, Body, Out>(std::move(spec), std::move(handler)));
  }

  // The operation of an rpc method; null: there is none (error 104). The caller gives `call` a session.
  const Operation* find(std::string_view method) const noexcept;

  const Router& router() const noexcept { return router_; }

  // In the order of their declaration.
  std::span<const std::unique_ptr<const Operation>> all() const noexcept { return all_; }

 private:
  std::vector<std::unique_ptr<const Operation>> all_;
  std::map<std::string_view, const Operation*> methods_;
  Router router_;
};

}  // namespace chat::api
