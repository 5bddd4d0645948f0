#include "protocol/centrifuge_json.hpp"
#include "protocol/centrifuge_walk.hpp"
#include "protocol/json_object.hpp"

namespace chat::centrifuge::json {
namespace {

using protocol::JsonObject;

template <class M>
void append_object(std::string& out, const M& message);

// JSON as it is, on one line: a raw line break, which JSON has only between its tokens, would end the object (and, CR
// too, the line of an event stream).
void append_embedded(std::string& out, std::string_view json) {
  if (json.find('\n') == json.npos && json.find('\r') == json.npos) {  // nearly always, and found out fast
    out += json;
    return;
  }
  for (const char c : json) {
    if (c != '\n' && c != '\r') out += c;
  }
}

template <class T>
void append_map(std::string& out, const Map<T>& map);
template <class T>
void append_list(std::string& out, const std::vector<T>& list);

template <class T>
void append_value(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_signed_v<T>) {
    append_json_int(out, value);
  } else if constexpr (std::is_integral_v<T>) {
    append_json_uint(out, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    append_json_string(out, value);
  } else if constexpr (kIsOptional<T>) {
    append_object(out, *value);
  } else if constexpr (kIsMap<T>) {
    append_map(out, value);
  } else if constexpr (kIsList<T>) {
    append_list(out, value);
  } else {
    append_object(out, value);
  }
}

template <class T>
void append_map(std::string& out, const Map<T>& map) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : map) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, key);
    out += ':';
    append_value(out, value);
  }
  out += '}';
}

template <class T>
void append_list(std::string& out, const std::vector<T>& list) {
  out += '[';
  bool first = true;
  for (const T& item : list) {
    if (!first) out += ',';
    first = false;
    append_value(out, item);
  }
  out += ']';
}

template <class T>
void append_member(std::string& out, JsonObject& object, std::string_view name, FieldForm form, const T& value) {
  if (form != FieldForm::always && is_left_out(value)) return;
  object.key(name);
  if constexpr (std::is_same_v<T, std::string>) {
    if (form == FieldForm::raw) return append_embedded(out, value);
  }
  append_value(out, value);
}

template <class M>
void append_object(std::string& out, const M& message) {
  JsonObject object(out);
  const auto append = [&](const auto& field) {
    append_member(out, object, field.name, field.form, message.*(field.member));
  };
  std::apply([&](const auto&... field) { (append(field), ...); }, kFields<M>);
  object.close();
}

template <class M>
void append_answer(std::string& out, std::uint32_t id, std::string_view name, const M& message) {
  JsonObject reply(out);
  if (id != 0) reply.number("id", id);
  reply.key(name);
  append_object(out, message);
  reply.close();
}

}  // namespace

template <class R>
void append_reply(std::string& out, std::uint32_t id, const R& result) {
  append_answer(out, id, kMethod<R>.name, result);
}

void append_error(std::string& out, std::uint32_t id, const ErrorObject& error) {
  append_answer(out, id, "error", error);
}

template <class P>
void append_push(std::string& out, std::string_view channel, const P& push) {
  JsonObject reply(out);
  reply.key("push");
  JsonObject body(out);
  if (!channel.empty()) body.text("channel", channel);
  body.key(kMethod<P>.name);
  append_object(out, push);
  body.close();
  reply.close();
}

#define CHAT_INSTANTIATE(R) template void append_reply(std::string&, std::uint32_t, const R&);
CHAT_CENTRIFUGE_RESULTS(CHAT_INSTANTIATE)
#undef CHAT_INSTANTIATE
#define CHAT_INSTANTIATE(P) template void append_push(std::string&, std::string_view, const P&);
CHAT_CENTRIFUGE_PUSHES(CHAT_INSTANTIATE)
#undef CHAT_INSTANTIATE

}  // namespace chat::centrifuge::json
