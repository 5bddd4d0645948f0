#include "api/operations/operation.hpp"

#include "api/error_map.hpp"
#include "telemetry/log.hpp"

#include <stdexcept>
#include <utility>

namespace chat::api {
namespace {

constexpr std::size_t kMaxFaultsTold = 8;         // in one sentence; REST lists them all
constexpr std::size_t kMaxSentenceBytes = 1'000;  // of those together, more or less

awaitable<HttpResponse> at_once(HttpResponse response) { co_return response; }

void log_failure(std::string_view request_id, const OperationSpec& spec, const Error& error) {
  if (error.code != Errc::internal && error.code != Errc::invalid) return;
  log_error("request_failed", {{"request_id", request_id},
                               {"route", spec.path.empty() ? spec.rpc : spec.path},
                               {"code", to_string(error.code)},
                               {"error", error.message}});
}

// "reply_to", "members.3.name"; the first part, "body", says nothing here. Empty for the input as a whole.
std::string place_of(const schema::Fault& fault) {
  std::string place;
  for (std::size_t i = 1; i < fault.loc.size(); ++i) {
    if (!place.empty()) place += '.';
    const auto* name = std::get_if<std::string>(&fault.loc[i]);
    place += name ? *name : std::to_string(std::get<std::int64_t>(fault.loc[i]));
  }
  return place;
}

}  // namespace

void detail::check(const OperationSpec& spec, bool can_be_called) {
  const auto refuse = [&](const char* why) {
    throw std::logic_error(std::string(why) + ": " + std::string(spec.path.empty() ? spec.rpc : spec.path));
  };
  if (spec.path.empty() && spec.rpc.empty()) refuse("an operation has a path, an rpc name, or both");
  if (spec.rpc.empty()) return;
  if (spec.auth != Auth::bearer) refuse("whoever calls an rpc has a session");
  if (!can_be_called) refuse("a form has no rpc");
}

CallContext detail::context_of(Exchange& exchange) {
  return {std::move(exchange.session), exchange.address(), exchange.request.request_id, {}};
}

HttpResponse detail::failed(std::string_view request_id, const OperationSpec& spec, const Error& error,
                            std::string_view subject) {
  // A token that was good a moment ago may be refused by the rules: still the answer of a bad token.
  if (error.code == Errc::unauthenticated && spec.auth == Auth::bearer) return invalid_token();
  log_failure(request_id, spec, error);
  if (error.code == Errc::forbidden && spec.hides_room) return error_answer(Error(Errc::room_not_found), subject);
  return error_answer(error, subject);
}

std::string_view detail::rpc_input(std::string_view data) noexcept {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = data.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return "{}";
  data = data.substr(first, data.find_last_not_of(kBlanks) - first + 1);
  return data == "null" ? std::string_view("{}") : data;
}

Error detail::input_error(const std::vector<schema::Fault>& faults, std::string_view whole) {
  std::string sentence;
  std::size_t told = 0;
  for (const auto& fault : faults) {
    if (told == kMaxFaultsTold || sentence.size() > kMaxSentenceBytes) break;
    if (told++ > 0) sentence += "; ";
    // The place of what is no JSON at all is an offset, of use to nobody here.
    auto place = fault.type == "json_invalid" ? std::string() : place_of(fault);
    if (place.empty()) place = whole;
    if (!place.empty()) sentence += place + ": ";
    sentence += fault.msg;
  }
  if (told < faults.size()) sentence += "; and " + std::to_string(faults.size() - told) + " more";
  return {Errc::invalid, std::move(sentence)};
}

Error detail::rpc_failed(std::string_view request_id, const OperationSpec& spec, const Error& error,
                         std::string_view subject) {
  log_failure(request_id, spec, error);
  // As over HTTP: it was a token that was not good, no password.
  if (error.code == Errc::unauthenticated) return {error.code, "Could not validate credentials"};
  if (error.code == Errc::too_large && !error.message.empty()) return error;  // of what, and how much may it be
  return {error.code, sentence_of(error.code, subject), error.retry};
}

Error detail::rpc_threw(std::string_view request_id, const OperationSpec& spec, std::string_view what) {
  log_error("request_failed", {{"request_id", request_id}, {"route", spec.rpc}, {"exception", what}});
  return {Errc::internal, sentence_of(Errc::internal)};
}

awaitable<Result<std::string>> detail::rpc_refused(Error error) { co_return error; }

std::unique_ptr<Operation> make_plain_route(OperationSpec spec,
                                            std::vector<std::pair<std::string, std::string>> answers,
                                            std::function<awaitable<HttpResponse>(Exchange&)> handle) {
  auto route = std::make_unique<Operation>();
  route->spec = std::move(spec);
  route->handle = std::move(handle);
  route->types = [answers = std::move(answers)](schema::SchemaSet&) {
    OperationTypes out;
    out.answers = answers;
    return out;
  };
  return route;
}

std::unique_ptr<Operation> make_plain_route(OperationSpec spec,
                                            std::vector<std::pair<std::string, std::string>> answers,
                                            std::function<HttpResponse(const Exchange&)> handle) {
  std::function<awaitable<HttpResponse>(Exchange&)> later = [handle = std::move(handle)](Exchange& exchange) {
    return at_once(handle(exchange));
  };
  return make_plain_route(std::move(spec), std::move(answers), std::move(later));
}

}  // namespace chat::api
