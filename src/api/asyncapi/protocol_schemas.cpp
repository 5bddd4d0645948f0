#include "api/asyncapi/protocol_schemas.hpp"

#include "api/json_out.hpp"
#include "protocol/centrifuge_walk.hpp"
#include "schema/describe.hpp"

#include <type_traits>
#include <utility>

namespace chat::api {
namespace {

using namespace centrifuge;
using Schemas = std::map<std::string, std::string, std::less<>>;

template <class T>
concept Message = requires {
  fields_of<T>();
};

template <Message M>
std::string refer_to(Schemas& out);

template <class T>
std::string schema_of_type(Schemas& out, FieldForm form) {
  if (form == FieldForm::raw) return R"({"description":"The application's JSON."})";
  if (form == FieldForm::presence) return "{}";
  if constexpr (Message<T>) {
    return refer_to<T>(out);
  } else if constexpr (std::is_same_v<T, bool>) {
    return R"({"type":"boolean"})";
  } else if constexpr (std::is_unsigned_v<T>) {
    return R"({"type":"integer","minimum":0})";
  } else if constexpr (std::is_integral_v<T>) {
    return R"({"type":"integer"})";
  } else if constexpr (kIsMap<T>) {
    using Value = typename T::value_type::second_type;
    return R"({"type":"object","additionalProperties":)" + schema_of_type<Value>(out, FieldForm::plain) + "}";
  } else if constexpr (kIsList<T>) {
    return R"({"type":"array","items":)" + schema_of_type<typename T::value_type>(out, FieldForm::plain) + "}";
  } else if constexpr (kIsOptional<T>) {
    return schema_of_type<typename T::value_type>(out, FieldForm::plain);
  } else {
    static_assert(std::is_same_v<T, std::string>);
    return R"({"type":"string"})";
  }
}

template <Message M>
std::string name_of() {
  return std::string(schema::detail::type_name<M>());
}

template <Message M>
std::string refer_to(Schemas& out) {
  const std::string name = name_of<M>();
  if (out.emplace(name, "").second) {
    JsonOut object;
    object.open('{').member("type", "object").member("title", name).key("properties").open('{');
    const auto add = [&]<class Owner, class T>(const Field<Owner, T>& field) {
      object.key(field.name).raw(schema_of_type<T>(out, field.form));
    };
    std::apply([&](const auto&... field) { (add(field), ...); }, kFields<M>);
    out[name] = object.close('}').close('}').take();
  }
  return R"({"$ref":"#/components/schemas/)" + name + "\"}";
}

// One of several messages, each under its name.
template <Message... M>
void members(JsonOut& object, Schemas& out) {
  (object.key(kMethod<M>.name).raw(refer_to<M>(out)), ...);
}

template <Message... M>
void command_members(JsonOut& object, Schemas& out, const std::variant<std::monostate, M...>*) {
  members<M...>(object, out);
}

JsonOut begin(std::string_view title, std::string_view description) {
  JsonOut object;
  object.open('{').member("type", "object").member("title", title).member("description", description);
  object.key("properties").open('{');
  return object;
}

}  // namespace

std::map<std::string, std::string, std::less<>> protocol_schemas() {
  Schemas out;
  JsonOut command = begin("Command",
                          "What a client says: an id and one method. {} is the answer to a ping. Several commands in "
                          "one frame stand on a line each.");
  command.key("id").raw(R"({"type":"integer","minimum":1,"maximum":4294967295})");
  command_members(command, out, static_cast<const decltype(Command::method)*>(nullptr));
  out["Command"] = command.close('}').close('}').take();

  JsonOut push = begin("Push", "What the server tells unasked: a channel, where it is about one, and one kind.");
  push.key("channel").raw(R"({"type":"string"})");
#define CHAT_MEMBER(M) members<M>(push, out);
  CHAT_CENTRIFUGE_PUSHES(CHAT_MEMBER)
#undef CHAT_MEMBER
  out["Push"] = push.close('}').close('}').take();

  JsonOut reply = begin("Reply",
                        "What the server says: the answer to the command of this id (a result under the method's "
                        "name, or an error), or a push. {} is a ping. Zero values are left out.");
  reply.key("id").raw(R"({"type":"integer","minimum":1,"maximum":4294967295})");
  reply.key("error").raw(refer_to<ErrorObject>(out));
  reply.key("push").raw(R"({"$ref":"#/components/schemas/Push"})");
#define CHAT_MEMBER(M) members<M>(reply, out);
  CHAT_CENTRIFUGE_RESULTS(CHAT_MEMBER)
#undef CHAT_MEMBER
  out["Reply"] = reply.close('}').close('}').take();
  refer_to<EmulationRequest>(out);
  return out;
}

}  // namespace chat::api
