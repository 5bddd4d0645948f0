// An operation is declared once: this says what it is, and its types say what goes in and out. Dispatch over HTTP and
// over rpc, validation, errors and the documents all come from the same declaration.
//
//   operations.add<RoomPath, PageQuery, None, HistoryOut>(
//       {.rpc = "room.history", .path = "/api/v1/rooms/{room_id}/history", .auth = Auth::bearer, ...},
//       [rooms](auto& call) { return history(*rooms, call); });
//
// With a path it is a route of REST, with an rpc name a method of the realtime protocol, with both it is both. Over rpc
// path, query and body are one JSON object, {"room_id": "...", "page": 1}, and the answer is the same as over REST.
#pragma once

#include "api/http/body.hpp"
#include "api/http/exchange.hpp"
#include "api/http/responses.hpp"
#include "api/operations/call.hpp"
#include "schema/joined.hpp"
#include "schema/schema.hpp"
#include "transport/http_types.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace chat::api {

using boost::asio::awaitable;
using transport::Method;

enum class Auth { none, bearer };

struct OperationSpec {
  std::string_view rpc = {};  // "room.history": the method's name; empty: REST only. Needs Auth::bearer.
  Method method = Method::get;
  std::string_view path = {};  // "/api/v1/rooms/{room_id}/history": in braces a parameter; empty: rpc only
  Auth auth = Auth::none;
  int success = 200;
  std::string_view operation_id = {};
  std::string_view tag = {};
  std::string_view summary = {};
  std::string_view description = {};
  std::string_view answer = "Successful Response";  // what a success means
  std::vector<Errc> errors = {};                    // those of its own; 401, 422, 500 and 503 follow from the rest
  // Over HTTP a room that its caller may not read (Errc::forbidden) is not there (404); over rpc he is told (103), as
  // of its channel.
  bool hides_room = false;
  bool holds_token = false;  // the answer must not be cached anywhere
  bool documented = true;
  std::size_t body_limit = 0;  // bytes over HTTP; 0 = the server's
};

// What a document says of the types over HTTP.
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

// And over rpc: a schema each.
struct RpcTypes {
  std::string input, output;
};

struct Operation {
  OperationSpec spec;

  // Over HTTP, after authentication; empty without a path.
  std::function<awaitable<transport::HttpResponse>(Exchange&)> handle;
  // Over rpc; empty without an rpc name. `data` is the input as JSON, nothing or null for {}, and is read before this
  // returns. The value is the output as JSON; an error's message is the sentence for the client, of which
  // realtime_error makes the reply, and whatever an operator must know has been logged. Throws nothing.
  std::function<awaitable<Result<std::string>>(CallContext context, std::string_view data)> call;

  std::function<OperationTypes(schema::SchemaSet&)> types;
  std::function<RpcTypes(schema::SchemaSet&)> rpc_types;
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
std::vector<schema::Fault> read_input(const Exchange& exchange, Call<Path, Query, Body>& call) {
  std::vector<schema::Fault> faults;
  const auto take = [&faults](auto& target, auto&& parsed) {
    target = std::move(parsed.value);
    append(faults, std::move(parsed.faults));
  };
  if constexpr (!is_none<Path>) take(call.path, schema::parse_fields<Path>(exchange.path, schema::Where::path));
  if constexpr (!is_none<Query>)
    take(call.query, schema::parse_fields<Query>(exchange.request.query, schema::Where::query));
  if constexpr (!is_none<Body>) BodyReader<Body>::read(call.body, exchange.request, faults);
  return faults;
}

CallContext context_of(Exchange& exchange);
// Logs what must not be silent, and shapes the answer.
transport::HttpResponse failed(std::string_view request_id, const OperationSpec& spec, const Error& error,
                               std::string_view subject);

template <class Path, class Query, class Body, class Out, class Handler>
awaitable<transport::HttpResponse> handle(const Handler& handler, const OperationSpec& spec, Exchange& exchange) {
  Call<Path, Query, Body> call;
  if (const auto faults = read_input(exchange, call); !faults.empty()) co_return unprocessable(faults);
  call.context = context_of(exchange);
  const Result<Out> out = co_await handler(call);
  if (!out) co_return failed(exchange.request.request_id, spec, out.error(), call.subject);
  auto response = json_of(spec.success, *out);
  response.no_store = spec.holds_token;
  co_return response;
}

// Nothing and null are an empty object: what takes no input is called without any.
std::string_view rpc_input(std::string_view data) noexcept;
// One sentence for all faults: "room_id: Field required; page: Input should be greater than or equal to 1".
// `whole` names the input where a fault is not in one of its fields.
Error input_error(const std::vector<schema::Fault>& faults, std::string_view whole = {});
// Logs what must not be silent; the message becomes the sentence for the client.
Error rpc_failed(std::string_view request_id, const OperationSpec& spec, const Error& error, std::string_view subject);
Error rpc_threw(std::string_view request_id, const OperationSpec& spec, std::string_view what);
awaitable<Result<std::string>> rpc_refused(Error error);

template <class Out, class Handler, class TheCall>
awaitable<Result<std::string>> answer_rpc(const Handler& handler, const OperationSpec& spec, TheCall call) {
  std::string thrown;
  try {
    const Result<Out> out = co_await handler(call);
    if (out) co_return schema::write(*out);
    co_return rpc_failed(call.context.request_id, spec, out.error(), call.subject);
  } catch (const std::exception& e) {
    thrown = e.what();
  } catch (...) {
    thrown = "unknown";
  }
  co_return rpc_threw(call.context.request_id, spec, thrown);
}

template <class Path, class Query, class Body, class Out, class Handler>
awaitable<Result<std::string>> call_rpc(const Handler& handler, const OperationSpec& spec, CallContext context,
                                        std::string_view data) {
  auto input = schema::parse_json<schema::Joined<Path, Query, Body>>(rpc_input(data));
  if (!input) return rpc_refused(input_error(input.faults));
  auto& [path, query, body] = input->parts;
  Call<Path, Query, Body> call{std::move(context), std::move(path), std::move(query), std::move(body), {}};
  return answer_rpc<Out>(handler, spec, std::move(call));
}

// Throws std::logic_error for a declaration that contradicts itself.
void check(const OperationSpec& spec, bool can_be_called);

}  // namespace detail

// A typed operation. `handler`: awaitable<Result<Out>>(Call<Path, Query, Body>&), a function that returns a coroutine.
template <class Path, class Query, class Body, class Out, class Handler>
std::unique_ptr<Operation> make_operation(OperationSpec spec, Handler handler) {
  constexpr bool can_be_called = schema::DescribedStruct<Body>;  // forms are for HTTP
  detail::check(spec, can_be_called);
  auto operation = std::make_unique<Operation>();
  operation->spec = std::move(spec);
  operation->takes_input = !detail::is_none<Path> || !detail::is_none<Query> || !detail::is_none<Body>;
  // The operation outlives every call of it.
  const auto& kept = operation->spec;
  if constexpr (can_be_called) {
    if (!kept.rpc.empty()) {
      operation->call = [handler, &kept](CallContext context, std::string_view data) {
        return detail::call_rpc<Path, Query, Body, Out>(handler, kept, std::move(context), data);
      };
      operation->rpc_types = [](schema::SchemaSet& set) {
        return RpcTypes{schema::schema_of<schema::Joined<Path, Query, Body>>(set), schema::schema_of<Out>(set)};
      };
    }
  }
  if (!kept.path.empty()) {
    operation->types = [](schema::SchemaSet& set) { return detail::operation_types<Path, Query, Body, Out>(set); };
    operation->handle = [handler = std::move(handler), &kept](Exchange& exchange) {
      return detail::handle<Path, Query, Body, Out>(handler, kept, exchange);
    };
  }
  return operation;
}

// A route of HTTP alone whose answer is no described struct: a page, a document, a number of metrics.
// `answers`: media type and schema (a JSON Schema as text) of its success.
std::unique_ptr<Operation> make_plain_route(OperationSpec spec,
                                            std::vector<std::pair<std::string, std::string>> answers,
                                            std::function<awaitable<transport::HttpResponse>(Exchange&)> handle);
std::unique_ptr<Operation> make_plain_route(OperationSpec spec,
                                            std::vector<std::pair<std::string, std::string>> answers,
                                            std::function<transport::HttpResponse(const Exchange&)> handle);

}  // namespace chat::api
