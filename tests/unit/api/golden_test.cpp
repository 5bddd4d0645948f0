// One answer of each kind, as contract/golden/rest_*.json has it, and the document of the whole API
// (UPDATE_GOLDEN=1 rewrites them; the diff is the review). Ids and tokens are replaced by fixed ones.
#include "api/openapi.hpp"
#include "base/json_text.hpp"
#include "unit/api/api_world.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

namespace chat::testing {
namespace {

void compare_with_golden(const std::string& file, const std::string& text) {
  const std::string path = std::string(CHATD_SOURCE_DIR) + "/contract/" + file;
  if (std::getenv("UPDATE_GOLDEN")) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in) << path << " is missing; UPDATE_GOLDEN=1 makes it";
  EXPECT_EQ(text, std::string(std::istreambuf_iterator<char>(in), {})) << "UPDATE_GOLDEN=1 rewrites " << path;
}

// Ids in the order in which they appear, and tokens, made the same in every run.
std::string with_fixed_ids(std::string text) {
  static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  static const std::regex token("ey[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+");
  std::map<std::string, std::string> fixed;
  for (std::sregex_iterator it(text.begin(), text.end(), uuid), end; it != end; ++it) {
    const auto number = std::to_string(fixed.size() + 1);
    fixed.emplace(it->str(), "00000000-0000-7000-8000-" + std::string(12 - number.size(), '0') + number);
  }
  for (const auto& [from, to] : fixed) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at))
      text.replace(at, from.size(), to);
  }
  return std::regex_replace(text, token, "<token>");
}

std::string as_text(const Ask& ask, const HttpResponse& response) {
  std::string out = R"({"request":)";
  append_json_string(out, ask.method + " " + ask.target);
  if (!ask.body.empty()) {
    out += R"(,"request_body":)";
    append_json_string(out, ask.body);
  }
  out += R"(,"status":)" + std::to_string(response.status) + R"(,"content_type":)";
  append_json_string(out, response.content_type);
  out += R"(,"headers":{)";
  bool first = true;
  for (const auto& [name, value] : response.headers) {
    if (!std::exchange(first, false)) out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  }
  out += R"(},"body":)";
  out += response.content().empty() ? std::string_view("null") : response.content();
  return api::indent_json(out + '}') + '\n';
}

class Golden : public ::testing::Test {
 protected:
  ApiWorld world{World::Options{.accounts = {.password_cost = kCheap, .sign_ups = {4.0 / 3600, 4}}}};

  void check(const std::string& name, const Ask& ask) {
    SCOPED_TRACE(name);
    compare_with_golden("golden/rest_" + name + ".json", with_fixed_ids(as_text(ask, world.ask(ask))));
  }
};

TEST_F(Golden, Accounts) {
  const std::string good = R"({"name":"Ada Lovelace","username":"ada@example.com","password":"correct horse"})";
  check("root", {});
  check("user_created", {"POST", "/api/v1/users", good});
  check("user_exists", {"POST", "/api/v1/users", good});
  check("user_faults", {"POST", "/api/v1/users", R"({"name":"","username":"nobody","password":"short"})"});
  check("user_missing_fields", {"POST", "/api/v1/users", "{}"});
  check("user_wrong_types", {"POST", "/api/v1/users", R"({"name":null,"username":7,"password":[]})"});
  check("body_missing", {"POST", "/api/v1/users"});
  check("body_no_json", {"POST", "/api/v1/users", R"({"name":})"});
  check("body_other_type", {"POST", "/api/v1/users", good, {{"Content-Type", "text/plain"}}});
  check("login", {"POST", "/api/v1/auth/login", R"({"username":"ADA@example.com","password":"correct horse"})"});
  check("login_form", {"POST",
                       "/api/v1/auth/login",
                       "username=ada%40example.com&password=correct+horse",
                       {{"Content-Type", "application/x-www-form-urlencoded"}}});
  check("login_wrong", {"POST", "/api/v1/auth/login", R"({"username":"ada@example.com","password":"wrong"})"});
  check("login_grant_type", {"POST",
                             "/api/v1/auth/login",
                             "grant_type=code&username=a&password=b",
                             {{"Content-Type", "application/x-www-form-urlencoded"}}});
  check("refresh", {"POST",
                    "/api/v1/auth/refresh_token",
                    "",
                    {},
                    *world.sessions.mint(*world.users.find_username("ada@example.com"))});
  for (const char* name : {"b", "c", "d"}) {
    const std::string body =
        R"({"name":"x","username":")" + std::string(name) + R"(@example.com","password":"correct horse"})";
    ASSERT_EQ(world.post("/api/v1/users", body).status, 201);
  }
  check("rate_limited",
        {"POST", "/api/v1/users", R"({"name":"x","username":"e@example.com","password":"correct horse"})"});
}

TEST_F(Golden, RoomsAndHistory) {
  const auto [user, token] = world.logged_in();
  check("room_created", {"POST", "/api/v1/rooms", R"({"name":"Lobby"})", {}, token});
  check("room_exists", {"POST", "/api/v1/rooms", R"({"name":"Lobby"})", {}, token});
  check("room_faults", {"POST", "/api/v1/rooms", R"({"name":"","description":5})", {}, token});
  check("rooms", {"GET", "/api/v1/rooms", "", {}, token});
  const auto room = world.rooms_store.list_public_rooms()->front();
  const auto history = "/api/v1/rooms/" + room.id.str() + "/history";
  check("history_empty", {"GET", history, "", {}, token});
  world.a_message(room, user, "Ol\u00e1 \"mundo\"\n");
  world.a_message(room, user, "to be forgotten", true);
  world.a_message(room, user, "third");
  check("history", {"GET", history + "?page=1&size=2", "", {}, token});
  check("history_past_the_end", {"GET", history + "?page=9&size=2", "", {}, token});
  check("history_faults", {"GET", "/api/v1/rooms/nonsense/history?page=0&size=x", "", {}, token});
  const auto messages = "/api/v1/rooms/" + room.id.str() + "/messages";
  world.journal.on_append = [&](const AppendMessage& message) -> Result<Stored> {
    return Stored{message.id.value, Seq(4), Ordinal(4), world.clock.now(), false};
  };
  check("message_sent", {"POST", messages, R"({"content":"Hello!","client_id":"a3f1"})", {}, token});
  check("message_faults", {"POST", messages, R"({"content":"","client_id":"","reply_to":7})", {}, token});
  check("user_me", {"GET", "/api/v1/users/me", "", {}, token});
  check("room_not_found", {"GET", "/api/v1/rooms/00000000-0000-4000-8000-000000000000/history", "", {}, token});
}

TEST_F(Golden, RefusalsOfAllRoutes) {
  check("not_authenticated", {"GET", "/api/v1/rooms"});
  check("bad_token", {"GET", "/api/v1/rooms", "", {}, "nonsense"});
  check("not_found", {"GET", "/nowhere"});
  check("method_not_allowed", {"DELETE", "/api/v1/rooms"});
  check("healthz", {"GET", "/healthz"});
  check("readyz", {"GET", "/readyz"});
  const auto [user, token] = world.logged_in();
  world.users.weather.away = true;
  check("unavailable", {"GET", "/api/v1/rooms", "", {}, token});
  check("readyz_not_ready", {"GET", "/readyz"});
  world.users.weather.away = false;
  world.rooms_store.weather.broken = true;
  check("internal_error", {"GET", "/api/v1/rooms", "", {}, token});
}

TEST(OpenApi, IsTheGoldenOne) { compare_with_golden("openapi.json", api::openapi_document_for_people()); }

TEST(OpenApi, NamesEveryReferenceThatItMakes) {
  const auto document = api::openapi_document_for_people();
  static const std::regex reference("\"#/components/(schemas|responses)/([A-Za-z0-9]+)\"");
  std::set<std::string> seen;
  for (std::sregex_iterator it(document.begin(), document.end(), reference), end; it != end; ++it) {
    const auto name = (*it)[2].str();
    seen.insert(name);
    EXPECT_NE(document.find("\n      \"" + name + "\": {"), std::string::npos) << name;
  }
  EXPECT_GE(seen.size(), 15u);
}

TEST(OpenApi, EveryDeclaredRouteIsInItWithItsSecurity) {
  const auto all = api::make_operations({});
  const auto document = api::openapi_document(all);
  std::size_t operations = 0;
  for (const auto& route : all.all()) {
    if (route->spec.path.empty() || !route->spec.documented) continue;
    ++operations;
    EXPECT_NE(document.find("\"" + std::string(route->spec.path) + "\":{"), std::string::npos) << route->spec.path;
    EXPECT_NE(document.find("\"operationId\":\"" + std::string(route->spec.operation_id) + "\""), std::string::npos);
    EXPECT_FALSE(route->spec.summary.empty()) << route->spec.path;
  }
  std::size_t securities = 0;
  for (auto at = document.find("\"security\":"); at != std::string::npos; at = document.find("\"security\":", at + 1))
    ++securities;
  EXPECT_EQ(securities, operations);
  EXPECT_EQ(operations, 15u);
}

TEST(IndentJson, KeepsStringsAndEmptyContainers) {
  EXPECT_EQ(api::indent_json(R"({"a":[1,{"b":"x,\"{}"}],"c":{},"d":[]})"),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,\\\"{}\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
}

}  // namespace
}  // namespace chat::testing
