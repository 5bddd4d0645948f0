// The codecs' table of fields against the schema: every name and number is the schema's, every field of the schema is
// in the table.
#include "centrifuge_support.hpp"
#include "protocol/centrifuge_walk.hpp"

#include <google/protobuf/descriptor.h>

#include <set>

namespace chat::centrifuge {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

template <class T>
FieldDescriptor::Type wire_type(FieldForm form) {
  if (form == FieldForm::raw || form == FieldForm::quoted) return FieldDescriptor::TYPE_BYTES;
  if (form == FieldForm::presence) return FieldDescriptor::TYPE_MESSAGE;
  if (std::is_same_v<T, bool>) return FieldDescriptor::TYPE_BOOL;
  if (std::is_same_v<T, std::uint32_t>) return FieldDescriptor::TYPE_UINT32;
  if (std::is_same_v<T, std::uint64_t>) return FieldDescriptor::TYPE_UINT64;
  if (std::is_same_v<T, std::int32_t>) return FieldDescriptor::TYPE_INT32;
  if (std::is_same_v<T, std::int64_t>) return FieldDescriptor::TYPE_INT64;
  if (std::is_same_v<T, std::string>) return FieldDescriptor::TYPE_STRING;
  return FieldDescriptor::TYPE_MESSAGE;
}

template <class M>
void expect_fields(const Descriptor* schema) {
  SCOPED_TRACE(schema->full_name());
  std::set<int> seen;
  const auto check = [&](const auto& field) {
    using T = std::remove_cvref_t<decltype(std::declval<M>().*(field.member))>;
    const auto* known = schema->FindFieldByNumber(static_cast<int>(field.number));
    ASSERT_TRUE(known) << field.name;
    EXPECT_EQ(known->name(), field.name);
    EXPECT_EQ(known->type(), wire_type<T>(field.form)) << field.name;
    EXPECT_EQ(known->is_map(), kIsMap<T>) << field.name;
    EXPECT_EQ(known->is_repeated(), kIsMap<T> || kIsList<T>) << field.name;
    EXPECT_TRUE(seen.insert(known->number()).second) << field.name;
  };
  std::apply([&](const auto&... field) { (check(field), ...); }, kFields<M>);
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(schema->field_count()));
}

// `M` is a field of `outer` by its method's name and number, and its message has M's fields.
template <class M>
void expect_method(const Descriptor* outer, std::set<int>& seen) {
  SCOPED_TRACE(kMethod<M>.name);
  const auto* field = outer->FindFieldByNumber(static_cast<int>(kMethod<M>.number));
  ASSERT_TRUE(field);
  EXPECT_EQ(field->name(), kMethod<M>.name);
  seen.insert(field->number());
  expect_fields<M>(field->message_type());
}

TEST(CentrifugeSchema, Commands) {
  const Descriptor* schema = wire::Command::descriptor();
  std::set<int> seen{kCommandId};
  const auto all = [&]<class... M>(const std::variant<std::monostate, M...>*) {
    (expect_method<M>(schema, seen), ...);
  };
  all(static_cast<const decltype(Command::method)*>(nullptr));
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(schema->field_count()));
  expect_fields<StreamPosition>(wire::StreamPosition::descriptor());
  expect_fields<EmulationRequest>(wire::EmulationRequest::descriptor());
}

TEST(CentrifugeSchema, Replies) {
  const Descriptor* schema = wire::Reply::descriptor();
  std::set<int> seen{kReplyId, kReplyError, kReplyPush};
#define CHECK(R) expect_method<R>(schema, seen);
  CHAT_CENTRIFUGE_RESULTS(CHECK)
#undef CHECK
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(schema->field_count()));
  EXPECT_EQ(schema->FindFieldByNumber(kReplyId)->name(), "id");
  EXPECT_EQ(schema->FindFieldByNumber(kReplyError)->name(), "error");
  EXPECT_EQ(schema->FindFieldByNumber(kReplyPush)->name(), "push");
  expect_fields<ErrorObject>(wire::Error::descriptor());
  expect_fields<ClientInfo>(wire::ClientInfo::descriptor());
}

TEST(CentrifugeSchema, Pushes) {
  const Descriptor* schema = wire::Push::descriptor();
  std::set<int> seen{kPushChannel};
#define CHECK(P) expect_method<P>(schema, seen);
  CHAT_CENTRIFUGE_PUSHES(CHECK)
#undef CHECK
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(schema->field_count()));
  EXPECT_EQ(schema->FindFieldByNumber(kPushChannel)->name(), "channel");
}

}  // namespace
}  // namespace chat::centrifuge
