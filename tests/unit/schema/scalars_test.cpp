// One field of each type, from JSON: what pydantic 2.13 takes is taken, what it refuses is refused in its words.
#include "samples.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace chat::schema::test {
namespace {

// The type of the fault of {"v": json}, or "= " and the value as it is written back.
template <class T>
std::string verdict(std::string_view json) {
  const auto parsed = parse_json<One<T>>(R"({"v":)" + std::string(json) + "}");
  if (parsed.ok()) return "= " + write(parsed->v);
  return parsed.faults.size() == 1 ? parsed.faults[0].type : "several faults";
}

struct Case {
  std::string_view json, verdict;
};

TEST(Scalars, Integers) {
  static const Case kCases[] = {
      {"5", "= 5"},
      {"-0", "= 0"},
      {"5.0", "= 5"},
      {"5e2", "= 500"},
      {"true", "= 1"},
      {R"("5")", "= 5"},
      {R"(" 5 ")", "= 5"},
      {R"("+5")", "= 5"},
      {R"("-5")", "= -5"},
      {R"("0005")", "= 5"},
      {R"("1_000")", "= 1000"},
      {R"("5.00")", "= 5"},
      {R"("0_0.0")", "= 0"},
      {"9223372036854775807", "= 9223372036854775807"},
      {"-9223372036854775808", "= -9223372036854775808"},
      {R"("-9223372036854775808")", "= -9223372036854775808"},
      {"9223372036854775808", "less_than_equal"},
      {"18446744073709551616", "less_than_equal"},
      {"123456789012345678901234567890", "less_than_equal"},
      {"-9223372036854775809", "greater_than_equal"},
      {R"("9223372036854775808")", "less_than_equal"},
      {R"("-99999999999999999999")", "greater_than_equal"},
      {"1e30", "less_than_equal"},
      {"-1e30", "greater_than_equal"},
      {"1e400", "finite_number"},
      {"1e99999999999", "finite_number"},
      {"1e-99999999999", "= 0"},
      {"5.5", "int_from_float"},
      {R"("5.5")", "int_parsing"},
      {R"("5.")", "int_parsing"},
      {R"(".0")", "int_parsing"},
      {R"("1__0")", "int_parsing"},
      {R"("_1")", "int_parsing"},
      {R"("1_")", "int_parsing"},
      {R"("")", "int_parsing"},
      {R"("+")", "int_parsing"},
      {R"("- 5")", "int_parsing"},
      {R"("--5")", "int_parsing"},
      {R"("1e3")", "int_parsing"},
      {R"("\u0663")", "int_parsing"},
      {"null", "int_type"},
      {"[]", "int_type"},
      {"{}", "int_type"},
  };
  for (const Case& c : kCases) EXPECT_EQ(verdict<std::int64_t>(c.json), c.verdict) << c.json;
  EXPECT_EQ(verdict<std::int64_t>('"' + std::string(5000, '9') + '"'), "int_parsing_size");
}

TEST(Scalars, Numbers) {
  static const Case kCases[] = {
      {"0.1", "= 0.1"},
      {"1", "= 1.0"},
      {"-0.0", "= -0.0"},
      {"1e-400", "= 0.0"},
      {"-1e-400", "= -0.0"},
      {"5e-324", "= 5e-324"},
      {"1.7976931348623157e308", "= 1.7976931348623157e+308"},
      {"179769313486231580793728971405303415e274", "finite_number"},
      {"123456789012345678901234567890", "= 1.2345678901234568e+29"},
      {R"("1.5")", "= 1.5"},
      {R"(" 1 ")", "= 1.0"},
      {R"("+1")", "= 1.0"},
      {R"(".5")", "= 0.5"},
      {"true", "= 1.0"},
      {"1e309", "finite_number"},
      {"-1e400", "finite_number"},
      {"0.000001e400", "finite_number"},
      {R"("1e400")", "finite_number"},
      {R"("nan")", "finite_number"},
      {R"("inf")", "finite_number"},
      {R"("x")", "float_parsing"},
      {R"("")", "float_parsing"},
      {R"("+-1")", "float_parsing"},
      {"null", "float_type"},
      {"[]", "float_type"},
  };
  for (const Case& c : kCases) EXPECT_EQ(verdict<double>(c.json), c.verdict) << c.json;
  EXPECT_EQ(verdict<double>("0." + std::string(400, '0') + "1e401"), "= 1.0");
  EXPECT_EQ(verdict<double>("1" + std::string(400, '0')), "finite_number");
}

TEST(Scalars, Booleans) {
  for (const auto* yes : {"true", "1", "1.0", R"("true")", R"("Yes")", R"("ON")", R"("1")", R"("t")", R"("y")"}) {
    EXPECT_EQ(verdict<bool>(yes), "= true") << yes;
  }
  for (const auto* no : {"false", "0", R"("False")", R"("no")", R"("off")", R"("0")", R"("f")", R"("n")"}) {
    EXPECT_EQ(verdict<bool>(no), "= false") << no;
  }
  for (const auto* bad : {"2", R"(" true")", R"("2")", R"("")"}) EXPECT_EQ(verdict<bool>(bad), "bool_parsing") << bad;
  for (const auto* bad : {"null", "0.5", "[]", "{}"}) EXPECT_EQ(verdict<bool>(bad), "bool_type") << bad;
}

TEST(Scalars, UuidsAreExplainedAsPydanticDoes) {
  struct {
    std::string_view text, problem;
  } static const kCases[] = {
      {"nope", "invalid character: found `n` at 1"},
      {"", "invalid length: expected length 32 for simple format, found 0"},
      {"123", "invalid length: expected length 32 for simple format, found 3"},
      {"00000000-0000-0000-0000-00000000000", "invalid group length in group 4: expected 12, found 11"},
      {"00000000-0000-0000-0000-0000000000000", "invalid group length in group 4: expected 12, found 13"},
      {"00000000-0000-0000-00000000000000000", "invalid group count: expected 5, found 4"},
      {"0000000-00000-0000-0000-000000000000", "invalid group length in group 0: expected 8, found 7"},
      {"{00000000-0000-0000-0000-000000000000", "invalid character: found `{` at 1"},
      {"00000000-0000-0000-0000-00000000000g", "invalid character: found `g` at 36"},
      {"0-0-0-0-0-0", "invalid group count: expected 5, found 6"},
      {"-", "invalid group count: expected 5, found 2"},
      {"é", "invalid character: found `é` at 1"},
      {"urn:uuid:x", "invalid character: found `x` at 10"},
  };
  for (const auto& c : kCases) {
    const std::string problem(c.problem);
    EXPECT_EQ(json_faults<One<Uuid>>(R"({"v":")" + std::string(c.text) + R"("})"),
              R"({"type":"uuid_parsing","loc":["body","v"],"msg":"Input should be a valid UUID, )" + problem +
                  R"(","input":")" + std::string(c.text) + R"(","ctx":{"error":")" + problem + R"("}})");
  }
  EXPECT_EQ(verdict<Uuid>("5"), "uuid_type");
  EXPECT_EQ(verdict<Uuid>(R"("{6F9619FF-8B86-D011-B42D-00CF4FC964FF}")"),
            R"(= "6f9619ff-8b86-d011-b42d-00cf4fc964ff")");
  EXPECT_EQ(verdict<Uuid>(R"("6f9619ff8b86d011b42d00cf4fc964ff")"), R"(= "6f9619ff-8b86-d011-b42d-00cf4fc964ff")");
}

TEST(Scalars, Timestamps) {
  EXPECT_EQ(verdict<Timestamp>(R"("2026-01-02T03:04:05.000006Z")"), R"(= "2026-01-02T03:04:05.000006Z")");
  EXPECT_EQ(verdict<Timestamp>(R"("2026-01-02T03:04:05+02:00")"), R"(= "2026-01-02T01:04:05.000000Z")");
  EXPECT_EQ(verdict<Timestamp>(R"("yesterday")"), "datetime_parsing");
  EXPECT_EQ(verdict<Timestamp>("null"), "datetime_type");
}

TEST(Scalars, ChoicesAreListed) {
  EXPECT_EQ(verdict<Color>(R"("green")"), R"(= "green")");
  EXPECT_EQ(
      json_faults<One<Color>>(R"({"v":"pink"})"),
      R"({"type":"literal_error","loc":["body","v"],"msg":"Input should be 'red', 'green' or 'blue'","input":"pink","ctx":{"expected":"'red', 'green' or 'blue'"}})");
  EXPECT_EQ(verdict<Color>("5"), "literal_error");
  EXPECT_EQ(verdict<Color>("[]"), "literal_error");
}

}  // namespace
}  // namespace chat::schema::test
