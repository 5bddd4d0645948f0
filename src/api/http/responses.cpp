#include "api/http/responses.hpp"

#include "api/error_map.hpp"
#include "base/json_text.hpp"

#include <utility>

namespace chat::api {

HttpResponse json_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = kJson;
  response.body = std::move(body);
  return response;
}

HttpResponse plain_error(int status, std::string_view sentence) {
  std::string body = R"({"detail":)";
  append_json_string(body, sentence);
  body += '}';
  return json_response(status, std::move(body));
}

HttpResponse domain_error(int status, std::string_view code, std::string_view message) {
  std::string body = R"({"detail":{"error":)";
  append_json_string(body, code);
  body += R"(,"message":)";
  append_json_string(body, message);
  body += "}}";
  return json_response(status, std::move(body));
}

HttpResponse error_answer(const Error& error, std::string_view subject) {
  const auto& row = mapping_of(error.code);
  if (error.code == Errc::invalid) {
    // The store or a rule refused what the schema let through: still the shape of a 422.
    return unprocessable({{"value_error", {"body"}, "Value error, the input is not valid", {}, {}}});
  }
  auto response = domain_error(row.status, row.code, sentence_of(error.code, subject));
  if (row.status == 401) response.header("WWW-Authenticate", "Bearer");  // RFC 9110, 15.5.2
  const int after = retry_after_seconds(error);
  if (after > 0) response.header("Retry-After", std::to_string(after));
  if (error.code == Errc::rate_limited && error.retry.limit > 0) {
    response.header("RateLimit-Limit", std::to_string(error.retry.limit))
        .header("RateLimit-Remaining", "0")
        .header("RateLimit-Reset", std::to_string(after));
  }
  return response;
}

HttpResponse not_authenticated() { return plain_error(401, "Not authenticated").header("WWW-Authenticate", "Bearer"); }

HttpResponse invalid_token() {
  return plain_error(401, "Could not validate credentials").header("WWW-Authenticate", "Bearer");
}

HttpResponse not_found() { return plain_error(404, "Not Found"); }

HttpResponse method_not_allowed(std::string_view allow) {
  return plain_error(405, "Method Not Allowed").header("Allow", allow);
}

HttpResponse unprocessable(const std::vector<schema::Fault>& faults) {
  return json_response(422, schema::write_faults(faults));
}

HttpResponse transport_error(int status, std::string_view reason) {
  if (status == 413) return error_answer(Error{Errc::too_large}, {});
  if (status == 500) return error_answer(Error{Errc::internal}, {});
  if (status == 503) return error_answer(Error{Errc::overloaded}, {});
  return plain_error(status, reason.empty() ? transport::reason_phrase(status) : reason);
}

}  // namespace chat::api
