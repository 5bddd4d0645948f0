// The structs that the tests of schema/ read and write: those of API v1, and one of every kind of field.
#pragma once

#include "schema/schema.hpp"

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <optional>
#include <string>
#include <vector>

namespace chat::schema::test {

struct UserIn {
  Name name;
  Email username;
  Secret<8, 1024> password;
  static constexpr std::string_view kDescription = "Who signs up.";
  static constexpr FieldDoc kDocs[] = {{"name", "Shown to \"everybody\".", R"("Ada")"},
                                       {"username", "An e-mail address."}};
};
BOOST_DESCRIBE_STRUCT(UserIn, (), (name, username, password))

struct RoomIn {
  Text<1, 200> name;
  std::optional<Text<0, 4000>> description;
};
BOOST_DESCRIBE_STRUCT(RoomIn, (), (name, description))

struct Page {
  Defaulted<IntFrom<1>> page = 1;
  Defaulted<Int<1, 100>> size = 10;
};
BOOST_DESCRIBE_STRUCT(Page, (), (page, size))

struct RoomPath {
  StrongId<struct RoomTag> room_id;
};
BOOST_DESCRIBE_STRUCT(RoomPath, (), (room_id))

struct LoginForm {
  std::string username;
  Secret<1, 1024> password;
  std::optional<Exactly<"password">> grant_type;
};
BOOST_DESCRIBE_STRUCT(LoginForm, (), (username, password, grant_type))

struct Author {
  Uuid id;
  std::string name;
  bool operator==(const Author&) const = default;
};
BOOST_DESCRIBE_STRUCT(Author, (), (id, name))

BOOST_DEFINE_ENUM_CLASS(Color, red, green, blue)

struct Base {
  std::int64_t id = 0;
  bool operator==(const Base&) const = default;
};
BOOST_DESCRIBE_STRUCT(Base, (), (id))

struct Everything : Base {
  std::string text;
  bool flag = false;
  double ratio = 0;
  Timestamp at{};
  Author author;
  std::vector<Author> authors;
  std::vector<std::optional<std::int64_t>> numbers;
  std::optional<Author> editor;
  Maybe<bool> deleted;
  Maybe<Author> heir;
  RawJson meta;
  Color color = Color::red;
  Literal<"bearer"> token_type;
  StrongInt<struct SeqTag> seq;
  Defaulted<std::string> default_ = "d";
  bool operator==(const Everything&) const = default;
};
BOOST_DESCRIBE_STRUCT(Everything, (Base),
                      (text, flag, ratio, at, author, authors, numbers, editor, deleted, heir, meta, color, token_type,
                       seq, default_))

struct Tree {
  std::string label;
  Defaulted<std::vector<Tree>> kids;
  bool operator==(const Tree&) const = default;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (label, kids))

struct Opaque {
  RawJsonOf<64> data;
};
BOOST_DESCRIBE_STRUCT(Opaque, (), (data))

template <class T>
struct One {
  T v{};
  static constexpr std::string_view kName = "One";
};
BOOST_DESCRIBE_STRUCT(One<std::string>, (), (v))
BOOST_DESCRIBE_STRUCT(One<std::int64_t>, (), (v))
BOOST_DESCRIBE_STRUCT(One<bool>, (), (v))
BOOST_DESCRIBE_STRUCT(One<double>, (), (v))
BOOST_DESCRIBE_STRUCT(One<Uuid>, (), (v))
BOOST_DESCRIBE_STRUCT(One<Timestamp>, (), (v))
BOOST_DESCRIBE_STRUCT(One<Author>, (), (v))
BOOST_DESCRIBE_STRUCT(One<std::vector<std::int64_t>>, (), (v))
BOOST_DESCRIBE_STRUCT(One<Color>, (), (v))
BOOST_DESCRIBE_STRUCT(One<Email>, (), (v))

// {"detail":[...]} without its wrapping, or "ok".
template <class T>
std::string faults_of(const Parsed<T>& parsed) {
  if (parsed.ok()) return "ok";
  const std::string all = write_faults(parsed.faults);
  return all.substr(11, all.size() - 13);
}
template <class T>
std::string json_faults(std::string_view body) {
  return faults_of(parse_json<T>(body));
}

}  // namespace chat::schema::test
