// E-mail addresses: the rules and sentences of python-email-validator, as pydantic's EmailStr gives them.
#include "schema/email.hpp"
#include "samples.hpp"

#include <gtest/gtest.h>

namespace chat::schema::test {
namespace {

TEST(Emails, ThatAreGood) {
  for (const std::string good :
       {"a@b.co", "ada.lovelace+chat@example.org", "!#$%&'*+-/=?^_`{|}~@x.yz", "A@B.CO", "1@2.com", "a@x--y.com",
        "josé@exämple.com", "用户@例子.广告", "a@xn--fsq.com", "a@sub.domain.example", "a@host.test"}) {
    EXPECT_EQ(email_problem(good).value_or("good"), "good") << good;
  }
  EXPECT_EQ(email_problem(std::string(242, 'a') + "@example.com"), std::nullopt);  // 254 bytes
}

TEST(Emails, ThatAreNotSayWhy) {
  struct {
    std::string address;
    std::string_view problem;
  } const cases[] = {
      {"", "An email address must have an @-sign."},
      {"plain", "An email address must have an @-sign."},
      {"@b.co", "There must be something before the @-sign."},
      {"a@", "There must be something after the @-sign."},
      {"a@b", "The part after the @-sign is not valid. It should have a period."},
      {"a@localhost", "The part after the @-sign is not valid. It should have a period."},
      {"a@1.2.3.4", "The part after the @-sign is not valid. It is not within a valid top-level domain."},
      {"a@[127.0.0.1]", "A bracketed IP address after the @-sign is not allowed here."},
      {"a b@c.de", "The email address contains invalid characters before the @-sign: SPACE."},
      {"a@b@c.de", "The part after the @-sign contains invalid characters: '@'."},
      {"a\\(b@c.de", "The email address contains invalid characters before the @-sign: \"\\\", '('."},
      {"\"a b\"@c.de", "Quoting the part before the @-sign is not allowed here."},
      {"Ada <a@b.co>", "The email address contains invalid characters before the @-sign: '<', SPACE."},
      {".a@b.co", "An email address cannot start with a period."},
      {"a.@b.co", "An email address cannot have a period immediately before the @-sign."},
      {"a..b@c.de", "An email address cannot have two periods in a row."},
      {"a@.b.co", "An email address cannot have a period immediately after the @-sign."},
      {"a@b.co.", "An email address cannot end with a period."},
      {"a@b..co", "An email address cannot have two periods in a row."},
      {"a@-b.co", "An email address cannot have a hyphen immediately after the @-sign."},
      {"a@b.co-", "An email address cannot end with a hyphen."},
      {"a@b-.co", "An email address cannot have a period and a hyphen next to each other."},
      {"a@b_c.de", "The part after the @-sign contains invalid characters: '_'."},
      {"a@b,c.de", "The part after the @-sign contains invalid characters: ','."},
      {"a\n@b.co", "The email address contains invalid characters before the @-sign: U+000A."},
      {"a\u200b@b.co", "The email address contains unsafe characters: U+200B."},
      {"a@b\u00a0.co", "The email address contains unsafe characters: U+00A0."},
      {"a@ab--c.de",
       "An email address cannot have two letters followed by two dashes immediately after the @-sign or after a "
       "period, "
       "except Punycode."},
      {"a@" + std::string(64, 'b') + ".co",
       "After the @-sign, periods cannot be separated by so many characters (1 character too many)."},
      {std::string(243, 'a') + "@example.com", "The email address is too long (1 character too many)."},
      {std::string(254, 'a') + "@example.com", "The email address is too long (12 characters too many)."},
  };
  for (const auto& c : cases) EXPECT_EQ(email_problem(c.address).value_or("good"), c.problem) << c.address;
}

TEST(Emails, AreTrimmedAndOtherwiseKept) {
  const auto read = parse_json<One<Email>>("{\"v\":\" \\t\\u00a0Ada@Example.ORG\\u2003\\n\"}");
  ASSERT_TRUE(read) << faults_of(read);
  EXPECT_EQ(read->v.value, "Ada@Example.ORG");
  EXPECT_EQ(read->v.folded(), "ada@example.org");
}

}  // namespace
}  // namespace chat::schema::test
