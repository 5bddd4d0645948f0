// A route is declared once: this says what it is, and its types say what goes in and out. Dispatch, validation, errors
// and the OpenAPI document all come from the same declaration.
//
//   router.add<RoomPath, PageQuery, None, HistoryOut>(
//       {.method = Method::get, .path = "/api/v1/rooms/{room_id}/history", .auth = Auth::bearer, ...},
//       [rooms](auto& call) { return history(*rooms, call); });
#pragma once

#include "api/http/body.hpp"
#include "api/http/responses.hpp"
#include "base/ip_address.hpp"
#include "chat/sessions.hpp"
#include "schema/schema.hpp"
#include "transport/http_types.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace chat::api {

using boost::asio::awaitable;
using transport::Method;

// A part of a request that a route does not have.
struct None {};

enum class Auth { none, bearer };

struct RouteSpec {
  Method method = Method::get;
  std::string_view path;  // "/api/v1/rooms/{room_id}/history": a segment in braces is a parameter
  Auth auth = Auth::none;
  int success = 200;
  std::string_view operation_id = {};
  std::string_view tag = {};
  std::string_view summary = {};
  std::string_view description = {};
  std::string_view answer = "Successful Response";  // what a success means
  std::vector<Errc> errors = {};                    // those of its own; 401, 422, 500 and 503 follow from the rest
  bool holds_token = false;                         // the answer must not be cached anywhere
  bool documented = true;
  std::size_t body_limit = 0;  // bytes; 0 = the server's
};

// One request on its way through a route. Lives until its answer is made.
struct Exchange {
  transport::HttpRequest request;
  schema::Pairs path;              // the parameters, decoded
  std::optional<Session> session;  // exactly on routes with Auth::bearer
  std::span<const IpNetwork> trusted_proxies;

  // Of the caller, as limits count it (IpAddress::limit_key).
  std::string address() const;
};

template <class Path, class Query, class Body>
struct Call {
  Exchange& exchange;
  Path path{};
  Query query{};
  Body body{};
  std::string subject = {};  // what the sentence of an error names; set before it is answered

  const Session& session() const { return *exchange.session; }
};

// What a document says of a route's types.
struct OperationTypes {
  std::vector<schema::FieldSchema> path, query;
  std::vector<std::pair<std::string, std::string>> bodies;   // media type, schema
  std::vector<std::pair<std::string, std::string>> answers;  // likewise, of a success
  struct Other {
    int status;
    std::string description;
    std::string schema;
  };
  std::vector<Other> others;  // JSON answers of its own beside it
};

struct Route {
  RouteSpec spec;
  std::function<awaitable<transport::HttpResponse>(Exchange&)> handle;  // after authentication
  std::function<OperationTypes(schema::SchemaSet&)> types;
  bool takes_input = false;  // has a part that can be invalid
};

namespace detail {

template <class T>
inline constexpr bool is_none = std::is_same_v<T, None>;

template <class Body>
struct BodyTypes {
  static void add(OperationTypes& out, schema::SchemaSet& set) {
    out.bodies.emplace_back(kJsonType, schema::schema_of<Body>(set));
  }
};
template <>
struct BodyTypes<None> {
  static void add(OperationTypes&, schema::SchemaSet&) {}
};
template <class Json, class Form>
struct BodyTypes<JsonOrForm<Json, Form>> {
  static void add(OperationTypes& out, schema::SchemaSet& set) {
    out.bodies.emplace_back(kJsonType, schema::schema_of<Json>(set));
    const auto form = schema::schema_of<Form>(set);
    out.bodies.emplace_back(kUrlencodedType, form);
    out.bodies.emplace_back(kMultipartType, form);
  }
};

template <class Path, class Query, class Body, class Out>
OperationTypes operation_types(schema::SchemaSet& set) {
  OperationTypes out;
  if constexpr (!is_none<Path>) out.path = schema::parameters_of<Path>(set);
  if constexpr (!is_none<Query>) out.query = schema::parameters_of<Query>(set);
  BodyTypes<Body>::add(out, set);
  out.answers.emplace_back(kJsonType, schema::schema_of<Out>(set));
  return out;
}

// Path, query and body are judged together, so that a client learns of all its mistakes at once.
template <class Path, class Query, class Body>
std::vector<schema::Fault> read_input(Call<Path, Query, Body>& call) {
  std::vector<schema::Fault> faults;
  const auto take = [&faults](auto& target, auto&& parsed) {
    target = std::move(parsed.value);
    append(faults, std::move(parsed.faults));
  };
  if constexpr (!is_none<Path>) take(call.path, schema::parse_fields<Path>(call.exchange.path, schema::Where::path));
  if constexpr (!is_none<Query>)
    take(call.query, schema::parse_fields<Query>(call.exchange.request.query, schema::Where::query));
  if constexpr (!is_none<Body>) BodyReader<Body>::read(call.body, call.exchange.request, faults);
  return faults;
}

// Logs what must not be silent, and shapes the answer.
transport::HttpResponse failed(const Exchange& exchange, const RouteSpec& spec, const Error& error,
                               std::string_view subject);

template <class Path, class Query, class Body, class Out, class Handler>
awaitable<transport::HttpResponse> run(const Handler& handler, const RouteSpec& spec, Exchange& exchange) {
  Call<Path, Query, Body> call{exchange};
  if (const auto faults = read_input(call); !faults.empty()) co_return unprocessable(faults);
  const Result<Out> out = co_await handler(call);
  if (!out) co_return failed(exchange, spec, out.error(), call.subject);
  auto response = json_of(spec.success, *out);
  response.no_store = spec.holds_token;
  co_return response;
}

}  // namespace detail

// A typed route. `handler`: awaitable<Result<Out>>(Call<Path, Query, Body>&), a function that returns a coroutine.
template <class Path, class Query, class Body, class Out, class Handler>
std::unique_ptr<Route> make_route(RouteSpec spec, Handler handler) {
  auto route = std::make_unique<Route>();
  route->spec = std::move(spec);
  route->takes_input = !detail::is_none<Path> || !detail::is_none<Query> || !detail::is_none<Body>;
  route->types = [](schema::SchemaSet& set) { return detail::operation_types<Path, Query, Body, Out>(set); };
  // The route outlives every call to it.
  route->handle = [handler = std::move(handler), &kept = route->spec](Exchange& exchange) {
    return detail::run<Path, Query, Body, Out>(handler, kept, exchange);
  };
  return route;
}

// A route whose answer is no described struct: a page, a document, a number of metrics.
// `answers`: media type and schema (a JSON Schema as text) of its success.
std::unique_ptr<Route> make_plain_route(RouteSpec spec, std::vector<std::pair<std::string, std::string>> answers,
                                        std::function<awaitable<transport::HttpResponse>(Exchange&)> handle);
std::unique_ptr<Route> make_plain_route(RouteSpec spec, std::vector<std::pair<std::string, std::string>> answers,
                                        std::function<transport::HttpResponse(const Exchange&)> handle);

}  // namespace chat::api
