// Bodies of requests: which types are taken, and how forms are read. Pure, never throws on input.
#pragma once

#include "schema/schema.hpp"
#include "transport/http_types.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::api {

struct MediaType {
  std::string type;      // lower case, "application/json"; empty: none was declared
  std::string boundary;  // of multipart
};
// RFC 9110, 8.3.1. Repeated or unreadable fields are a type that nothing takes.
MediaType media_type_of(const transport::HttpHeaders& headers);

// application/x-www-form-urlencoded. As Python's parser, a stray "%" stands for itself.
schema::Pairs parse_urlencoded(std::string_view body);

// multipart/form-data (RFC 7578): the fields in their order; parts that are files are passed over. Nothing when it is
// malformed or has more than `max_parts`.
std::optional<schema::Pairs> parse_multipart(std::string_view body, std::string_view boundary,
                                             std::size_t max_parts = 100);

// A body that may be a form as well as JSON. `Form` has a member `Json to_json() &&`.
template <class Json, class Form>
struct JsonOrForm {
  using JsonType = Json;
  using FormType = Form;
  Json value;
};

// The fault for a body whose declared type a route does not take. The body is not shown: it may hold a password.
schema::Fault wrong_media_type();
schema::Fault malformed_form();

namespace detail {
inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kUrlencodedType = "application/x-www-form-urlencoded";
inline constexpr std::string_view kMultipartType = "multipart/form-data";

void append(std::vector<schema::Fault>& faults, std::vector<schema::Fault>&& more);

template <class T>
void read_json(T& out, const std::string& body, std::vector<schema::Fault>& faults) {
  auto parsed = schema::parse_json<T>(body);
  out = std::move(parsed.value);
  append(faults, std::move(parsed.faults));
}
}  // namespace detail

template <class T>
struct BodyReader {
  // A body without a declared type is read as JSON, as FastAPI does; an empty one is `missing` whatever it says.
  static void read(T& out, const transport::HttpRequest& request, std::vector<schema::Fault>& faults) {
    const auto media = media_type_of(request.headers);
    if (!request.body.empty() && !media.type.empty() && media.type != detail::kJsonType) {
      faults.push_back(wrong_media_type());
      return;
    }
    detail::read_json(out, request.body, faults);
  }
};

template <class Json, class Form>
struct BodyReader<JsonOrForm<Json, Form>> {
  static void read(JsonOrForm<Json, Form>& out, const transport::HttpRequest& request,
                   std::vector<schema::Fault>& faults) {
    const auto media = media_type_of(request.headers);
    std::optional<schema::Pairs> pairs;
    if (media.type == detail::kUrlencodedType) {
      pairs = parse_urlencoded(request.body);
    } else if (media.type == detail::kMultipartType) {
      pairs = parse_multipart(request.body, media.boundary);
      if (!pairs) {
        faults.push_back(malformed_form());
        return;
      }
    } else {
      BodyReader<Json>::read(out.value, request, faults);
      return;
    }
    auto parsed = schema::parse_fields<Form>(*pairs, schema::Where::body);
    const bool good = parsed.ok();
    detail::append(faults, std::move(parsed.faults));
    if (good) out.value = std::move(parsed.value).to_json();
  }
};

}  // namespace chat::api
