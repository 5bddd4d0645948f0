#include "telemetry/redact.hpp"

#include "telemetry/request_id.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace chat {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Redact, TargetsKeepTheirShapeAndLoseTheirTokens) {
  EXPECT_EQ(redact_target("/api/v1/chat/1?token=abc.def.ghi&history=5"), "/api/v1/chat/1?token=***&history=5");
  EXPECT_EQ(redact_target("/x?a=1&b=2"), "/x?a=1&b=2");
  EXPECT_EQ(redact_target("/x"), "/x");
  EXPECT_EQ(redact_target("/x?"), "/x?");
  EXPECT_EQ(redact_target(""), "");
}

TEST(Redact, NoSpellingOfAParameterShowsItsSecret) {
  for (const char* target :
       {"/x?token=hunter2", "/x?TOKEN=hunter2", "/x?%74oken=hunter2", "/x?%54%4Fken=hunter2", "/x?access_token=hunter2",
        "/x?a=1;token=hunter2", "/x?token=a&token=hunter2", "/x?new_password=hunter2", "/x?client_secret=hunter2",
        "/x?token=Bearer%20hunter2", "/x?a?token=hunter2", "/x?jwt=hunter2", "/x?cf_connect=eyJhunter2.x.y",
        "/eyJhunter2.x.y/z", "/x?eyJhunter2.x.y"}) {
    EXPECT_THAT(redact_target(target), Not(HasSubstr("hunter2"))) << target;
  }
}

TEST(Redact, UrlsLoseTheirPasswords) {
  EXPECT_EQ(redact_url("postgresql://u:pw@h:5432/d"), "postgresql://u:***@h:5432/d");
  EXPECT_EQ(redact_url("postgresql://u@h/d"), "postgresql://u@h/d");
  EXPECT_EQ(redact_url("sqlite:///chat.db"), "sqlite:///chat.db");
  EXPECT_EQ(redact_url("memory:"), "memory:");
  EXPECT_EQ(redact_url("postgresql://h/d?user=u&password=pw"), "postgresql://h/d?user=u&password=***");
  for (const char* url : {"postgresql://u:hunter2@h/d", "postgresql://u:a@hunter2@h/d", "postgresql://u:a/hunter2@h/d",
                          "postgresql://u:a?hunter2@h/d", "postgresql://h/d?sslpassword=hunter2"}) {
    EXPECT_THAT(redact_url(url), Not(HasSubstr("hunter2"))) << url;
  }
}

TEST(Redact, HeadersWithCredentialsAreHidden) {
  for (const char* name : {"Authorization", "COOKIE", "set-cookie", "Proxy-Authorization", "Sec-WebSocket-Protocol"}) {
    EXPECT_EQ(redact_header(name, "hunter2"), "***");
  }
  EXPECT_EQ(redact_header("User-Agent", "curl/7"), "curl/7");
  EXPECT_EQ(redact_header("Referer", "https://h/x?token=hunter2"), "https://h/x?token=***");
}

TEST(RequestId, IsShortUniqueAndWellFormed) {
  std::set<std::string> ids;
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  for (auto& list : made) {
    threads.emplace_back([&list] {
      for (int i = 0; i < 10'000; ++i) list.push_back(make_request_id());
    });
  }
  for (auto& t : threads) t.join();
  for (auto& list : made) ids.insert(list.begin(), list.end());
  EXPECT_EQ(ids.size(), 40'000u);
  for (const auto& id : ids) ASSERT_TRUE(id.size() == 13 && is_request_id(id)) << id;
}

TEST(RequestId, TakesTheCallersWhenItIsWellFormed) {
  EXPECT_EQ(accept_request_id("Abc-1._z"), "Abc-1._z");
  EXPECT_EQ(accept_request_id(std::string(64, 'a')), std::string(64, 'a'));
  for (const auto& bad : {std::string(), std::string(65, 'a'), std::string("a b"), std::string("a\n"),
                          std::string("a\0b", 3), std::string("\xC3\xA9"), std::string("a/b")}) {
    EXPECT_NE(accept_request_id(bad), bad);
    EXPECT_TRUE(is_request_id(accept_request_id(bad)));
  }
}

}  // namespace
}  // namespace chat
