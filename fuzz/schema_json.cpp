// JSON into described structs: never crashes; what is taken is written as JSON that is taken again and is equal; faults
// are JSON themselves (with exponents as large as those sent); the opinion on what is JSON is Boost's.
#include "schema/json_slice.hpp"
#include "schema/schema.hpp"

#include <boost/describe/class.hpp>
#include <boost/json/error.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

using namespace chat;
using namespace chat::schema;

struct Leaf {
  Uuid id;
  VisibleText<1, 20> name;
  bool operator==(const Leaf&) const = default;
};
BOOST_DESCRIBE_STRUCT(Leaf, (), (id, name))

struct Tree {
  Defaulted<std::string> s;
  std::optional<std::int64_t> i;
  Maybe<double> d;
  Maybe<bool> b;
  Maybe<Timestamp> t;
  Maybe<Email> e;
  Maybe<RawJsonOf<200>> r;
  std::optional<Leaf> leaf;
  Defaulted<std::vector<Leaf>> leaves;
  Defaulted<std::vector<std::optional<Text<0, 8>>>> texts;
  Defaulted<std::vector<Tree>> kids;
  bool operator==(const Tree&) const = default;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (s, i, d, b, t, e, r, leaf, leaves, texts, kids))

struct UserIn {
  Name name;
  Email username;
  Secret<8, 1024> password;
};
BOOST_DESCRIBE_STRUCT(UserIn, (), (name, username, password))

void require(bool good) {
  if (!good) std::abort();
}

bool is_json(std::string_view text) {
  boost::json::error_code ec;
  boost::json::parse_options options;
  options.max_depth = 64;
  boost::json::parse(boost::json::string_view(text.data(), text.size()), ec, {}, options);
  return !ec;
}

bool is_json_invalid(const std::vector<Fault>& faults) { return !faults.empty() && faults[0].type == "json_invalid"; }

template <class T>
Parsed<T> check(std::string_view bytes) {
  auto parsed = parse_json<T>(bytes);
  if (!parsed) require(is_json(repair(write_faults(parsed.faults)).text));
  return parsed;
}

void check_fields(std::string_view bytes) {
  Pairs pairs;
  static constexpr const char* kNames[] = {"s", "i", "d", "b", "t", "e", "texts", "leaf", "r"};
  for (std::size_t n = 0; !bytes.empty(); ++n) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    pairs.emplace_back(kNames[n % std::size(kNames)], bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  const auto parsed = parse_fields<Tree>(pairs, Where::body);
  if (!parsed) require(is_json(repair(write_faults(parsed.faults)).text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto tree = check<Tree>(bytes);
  if (tree) {
    const std::string json = write(*tree);
    const auto again = check<Tree>(json);
    require(again.ok() && *again == *tree && write(*again) == json);
  }
  (void)check<std::vector<std::int64_t>>(bytes);
  const auto user = check<UserIn>(bytes);
  check_fields(bytes);

  // Every text that Boost takes, its quirks with surrogates and exponents repaired, is JSON for us and the reverse;
  // texts too deep for us are refused before their end and say nothing about it.
  std::string_view rest = bytes;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  const bool too_deep = !user.faults.empty() && user.faults[0].msg.find("levels deep") != std::string::npos;
  if (!rest.empty() && !too_deep) require(is_json(repair(rest).text) == !is_json_invalid(user.faults));
  return 0;
}
