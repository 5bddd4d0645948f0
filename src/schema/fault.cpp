#include "schema/fault.hpp"

#include "base/json_text.hpp"

namespace chat::schema {

std::string_view to_string(Where where) noexcept {
  switch (where) {
    case Where::query:
      return "query";
    case Where::path:
      return "path";
    case Where::body:
      break;
  }
  return "body";
}

// FastAPI hands such a body on as bytes, and this is what pydantic says of them. They are not echoed: nobody has looked
// whether they are text, or hold a password.
Fault wrong_content_type() {
  return {"model_attributes_type",
          {std::string(to_string(Where::body))},
          "Input should be a valid dictionary or object to extract fields from",
          std::nullopt,
          std::nullopt};
}

void write_fault(std::string& out, const Fault& fault) {
  out += R"({"type":)";
  append_json_string(out, fault.type);
  out += R"(,"loc":[)";
  bool first = true;
  for (const LocPart& part : fault.loc) {
    if (!first) out += ',';
    first = false;
    if (const auto* name = std::get_if<std::string>(&part)) {
      append_json_string(out, *name);
    } else {
      append_json_int(out, std::get<std::int64_t>(part));
    }
  }
  out += R"(],"msg":)";
  append_json_string(out, fault.msg);
  if (fault.input_json) out.append(R"(,"input":)").append(*fault.input_json);
  if (fault.ctx_json) out.append(R"(,"ctx":)").append(*fault.ctx_json);
  out += '}';
}

std::string write_faults(const std::vector<Fault>& faults) {
  std::string out = R"({"detail":[)";
  for (const Fault& fault : faults) {
    if (out.back() == '}') out += ',';
    write_fault(out, fault);
  }
  out += "]}";
  return out;
}

}  // namespace chat::schema
