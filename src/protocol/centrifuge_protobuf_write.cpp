#include "protocol/centrifuge_protobuf.hpp"
#include "protocol/centrifuge_walk.hpp"
#include "protocol/protobuf_wire.hpp"

namespace chat::centrifuge::protobuf {
namespace {

template <class M>
void append_fields(std::string& out, const M& message);

void append_bytes(std::string& out, std::uint32_t number, std::string_view bytes) {
  append_tag(out, number, WireType::delimited);
  append_varint(out, bytes.size());
  out += bytes;
}

template <class M>
void append_nested(std::string& out, std::uint32_t number, const M& message) {
  append_tag(out, number, WireType::delimited);
  const auto start = out.size();
  append_fields(out, message);
  insert_length(out, start);
}

template <class T>
void append_field(std::string& out, std::uint32_t number, const T& value) {
  if constexpr (std::is_integral_v<T>) {
    append_tag(out, number, WireType::varint);
    append_varint(out, static_cast<std::uint64_t>(value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    append_bytes(out, number, value);
  } else if constexpr (kIsOptional<T>) {
    append_nested(out, number, *value);
  } else if constexpr (kIsMap<T>) {
    for (const auto& [key, entry] : value) {
      append_tag(out, number, WireType::delimited);
      const auto start = out.size();
      append_bytes(out, 1, key);
      append_field(out, 2, entry);
      insert_length(out, start);
    }
  } else if constexpr (kIsList<T>) {
    for (const auto& item : value) append_nested(out, number, item);
  } else {
    append_nested(out, number, value);
  }
}

template <class M>
void append_fields(std::string& out, const M& message) {
  const auto append = [&](const auto& field) {
    const auto& value = message.*(field.member);
    if (!is_left_out(value)) append_field(out, field.number, value);
  };
  std::apply([&](const auto&... field) { (append(field), ...); }, kFields<M>);
}

template <class M>
void append_answer(std::string& out, std::uint32_t id, std::uint32_t number, const M& message) {
  if (id != 0) append_field(out, kReplyId, id);
  append_nested(out, number, message);
}

}  // namespace

template <class R>
void append_reply(std::string& out, std::uint32_t id, const R& result) {
  append_answer(out, id, kMethod<R>.number, result);
}

void append_error(std::string& out, std::uint32_t id, const ErrorObject& error) {
  append_answer(out, id, kReplyError, error);
}

template <class P>
void append_push(std::string& out, std::string_view channel, const P& push) {
  append_tag(out, kReplyPush, WireType::delimited);
  const auto start = out.size();
  if (!channel.empty()) append_bytes(out, kPushChannel, channel);
  append_nested(out, kMethod<P>.number, push);
  insert_length(out, start);
}

#define CHAT_INSTANTIATE(R) template void append_reply(std::string&, std::uint32_t, const R&);
CHAT_CENTRIFUGE_RESULTS(CHAT_INSTANTIATE)
#undef CHAT_INSTANTIATE
#define CHAT_INSTANTIATE(P) template void append_push(std::string&, std::string_view, const P&);
CHAT_CENTRIFUGE_PUSHES(CHAT_INSTANTIATE)
#undef CHAT_INSTANTIATE

}  // namespace chat::centrifuge::protobuf
