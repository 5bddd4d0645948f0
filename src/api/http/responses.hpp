// The answers that every route can give: JSON, and each row of the contract's table of errors. Pure.
#pragma once

#include "base/result.hpp"
#include "schema/schema.hpp"
#include "transport/http_types.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace chat::api {

using transport::HttpRequest;
using transport::HttpResponse;

inline constexpr std::string_view kJson = "application/json";

HttpResponse json_response(int status, std::string body);

template <class Out>
HttpResponse json_of(int status, const Out& out) {
  return json_response(status, schema::write(out));
}

// {"detail": "<sentence>"}
HttpResponse plain_error(int status, std::string_view sentence);
// {"detail": {"error": code, "message": sentence}}
HttpResponse domain_error(int status, std::string_view code, std::string_view message);
// By the table of error_map; `subject` is what the sentence names. 429 and 503 say when to come again.
HttpResponse error_answer(const Error& error, std::string_view subject);

HttpResponse not_authenticated();  // 401: no bearer token was sent
HttpResponse invalid_token();      // 401: it is not good
HttpResponse not_found();          // 404: no such path
HttpResponse method_not_allowed(std::string_view allow);
HttpResponse unprocessable(const std::vector<schema::Fault>& faults);  // 422

// What transport itself must answer: 400, 408, 413, 414, 431, 500, 505, ...
HttpResponse transport_error(int status, std::string_view reason);

}  // namespace chat::api
