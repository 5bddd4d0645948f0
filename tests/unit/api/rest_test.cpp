// Each row of the contract's REST table, and each of its errors, as exact bodies.
#include "unit/api/api_world.hpp"

#include <gtest/gtest.h>

namespace chat::testing {
namespace {

using namespace std::chrono_literals;

const std::string kNotAuthenticated = R"({"detail":"Not authenticated"})";
const std::string kNotValidated = R"({"detail":"Could not validate credentials"})";
const std::string kWrongCredentials =
    R"({"detail":{"error":"InvalidCredentials","message":"Incorrect email or password"}})";

// "type@loc.loc" of each fault, in order: enough to compare, and readable.
std::string faults_of(const HttpResponse& response) {
  if (response.status != 422) return "status " + std::to_string(response.status);
  std::string out;
  std::string_view rest = response.body;
  const auto after = [&rest](std::string_view key) {
    const auto at = rest.find(key);
    if (at == std::string_view::npos) return std::string_view();
    rest.remove_prefix(at + key.size());
    return rest;
  };
  while (!after(R"({"type":")").empty()) {
    if (!out.empty()) out += ' ';
    out += rest.substr(0, rest.find('"'));
    out += '@';
    const auto loc = after(R"("loc":[)");
    for (const char c : loc.substr(0, loc.find(']')))
      if (c != '"') out += c == ',' ? '.' : c;
  }
  return out;
}

TEST(Rest, TheRootIsJsonForProgramsAndAPageForBrowsers) {
  ApiWorld world;
  for (const char* accept : {"*/*", "application/json", "application/json, text/html;q=0.5", "text/html;q=0"}) {
    const auto answer = world.ask({.headers = {{"Accept", accept}}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.content_type, "application/json") << accept;
    EXPECT_EQ(answer.body, R"({"message":"/"})");
  }
  EXPECT_EQ(world.get("/").body, R"({"message":"/"})");
  const auto page =
      world.ask({.headers = {{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}}});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_NE(page.content().find("href=\"/docs\""), std::string_view::npos);
  EXPECT_FALSE(header_of(page, "Content-Security-Policy").empty());
  EXPECT_NE(header_of(page, "Vary").find("Accept"), std::string::npos);
}

TEST(Rest, SigningUp) {
  ApiWorld world;
  const auto made =
      world.post("/api/v1/users", R"({"name":"Ada","username":" Ada@Example.com ","password":"correct horse"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto user = world.users.find_username("ada@example.com");
  ASSERT_TRUE(user);
  EXPECT_EQ(made.body, R"({"id":")" + user->id.str() + R"(","name":"Ada","username":"Ada@Example.com"})");
  const auto again =
      world.post("/api/v1/users/", R"({"name":"Ada","username":"ADA@example.com","password":"correct horse"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(
      again.body,
      R"({"detail":{"error":"UserAlreadyExists","message":"User with username ADA@example.com already exists."}})");
}

struct BadInput {
  const char* body;
  const char* faults;
};

TEST(Rest, BadSignUpsNameEveryFault) {
  ApiWorld world;
  const std::string too_long =
      R"({"name":"x","username":"a@example.com","password":")" + std::string(1025, 'x') + "\"}";
  const BadInput cases[] = {
      {"", "missing@body"},
      {"null", "missing@body"},
      {"{", "json_invalid@body.1"},
      {"[]", "model_attributes_type@body"},
      {"{}", "missing@body.name missing@body.username missing@body.password"},
      {R"({"name":"","username":"a@example.com","password":"correct horse"})", "string_too_short@body.name"},
      {R"({"name":null,"username":"a@example.com","password":"correct horse"})", "string_type@body.name"},
      {R"({"name":"Ada","username":"nobody","password":"correct horse"})", "value_error@body.username"},
      {R"({"name":"Ada","username":"a@example.com","password":null})", "string_type@body.password"},
      {R"({"name":"Ada","username":"a@example.com","password":""})", "string_too_short@body.password"},
      {R"({"name":"Ada","username":"a@example.com","password":"seven77"})", "string_too_short@body.password"},
      {too_long.c_str(), "string_too_long@body.password"},
      {R"({"name":7,"username":7,"password":7})",
       "string_type@body.name string_type@body.username string_type@body.password"},
      {R"({"name":"\u0000","username":"a@example.com","password":"correct horse"})", "value_error@body.name"},
  };
  for (const auto& c : cases) EXPECT_EQ(faults_of(world.post("/api/v1/users", c.body)), c.faults) << c.body;
  EXPECT_EQ(world.users.size(), 0u);
}

TEST(Rest, APasswordIsNeverEchoed) {
  ApiWorld world;
  const auto answer = world.post("/api/v1/users", R"({"name":"","username":"x","password":"hunter2"})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.body.find("hunter2"), std::string::npos);
  const auto other = world.ask({"POST", "/api/v1/users", "password=hunter2", {{"Content-Type", "text/plain"}}});
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.body.find("hunter2"), std::string::npos);
}

TEST(Rest, AJsonRouteTakesJsonOnly) {
  ApiWorld world;
  int n = 0;
  const auto ask = [&](std::string type) {
    const auto body =
        R"({"name":"x","username":"a)" + std::to_string(n++) + R"(@example.com","password":"correct horse"})";
    Ask a{"POST", "/api/v1/users", body};
    if (type != "none") a.headers = {{"Content-Type", std::move(type)}};
    return world.ask(a);
  };
  for (const char* good :
       {"none", "application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"utf-8\"", ""})
    EXPECT_EQ(ask(good).status, 201) << good;
  for (const char* bad :
       {"text/plain", "application/problem+json", "application/x-www-form-urlencoded", "json", "text/json", "*/*"})
    EXPECT_EQ(faults_of(ask(bad)), "model_attributes_type@body") << bad;
  EXPECT_EQ(faults_of(world.ask({"POST", "/api/v1/users", "", {{"Content-Type", "text/plain"}}})), "missing@body");
}

TEST(Rest, LoggingInWithJsonAndWithForms) {
  ApiWorld world;
  const auto user = world.a_user();
  const auto good = [&](const HttpResponse& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.no_store);
    const std::string head =
        R"({"id":")" + user.id.str() + R"(","name":"Ada","username":"ada@example.com","access_token":")";
    EXPECT_TRUE(answer.body.starts_with(head)) << answer.body;
    EXPECT_TRUE(answer.body.ends_with(R"(","token_type":"bearer"})")) << answer.body;
    const auto token = answer.body.substr(head.size(), answer.body.size() - head.size() - 24);
    EXPECT_EQ(world.get("/api/v1/rooms", token).status, 200) << token;
  };
  const auto form = [&](std::string body, std::string type = "application/x-www-form-urlencoded") {
    return world.ask({"POST", "/api/v1/auth/login", std::move(body), {{"Content-Type", std::move(type)}}});
  };
  good(world.post("/api/v1/auth/login", R"({"username":"ADA@example.com","password":"correct horse"})"));
  good(world.post("/api/v1/auth/login/", R"({"username":"ada@example.com","password":"correct horse"})"));
  good(form("username=ada%40example.com&password=correct+horse"));
  good(
      form("grant_type=password&username=ada@example.com&password=correct%20horse&scope=&client_id=x&client_secret=y"));
  const std::string multipart =
      "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada@example.com\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"password\"\r\nContent-Type: text/plain\r\n\r\ncorrect "
      "horse\r\n--b--\r\n";
  good(form(multipart, "multipart/form-data; boundary=b"));
  good(form(multipart, "Multipart/Form-Data; boundary=\"b\""));

  EXPECT_EQ(faults_of(form("grant_type=client_credentials&username=a&password=b")),
            "string_pattern_mismatch@body.grant_type");
  EXPECT_EQ(faults_of(form("username=a")), "missing@body.password");
  EXPECT_EQ(faults_of(form("")), "missing@body.username missing@body.password");
  EXPECT_EQ(faults_of(form("no form", "multipart/form-data; boundary=b")), "value_error@body");
  EXPECT_EQ(faults_of(form(multipart, "multipart/form-data")), "value_error@body");
  EXPECT_EQ(faults_of(form("username=a&password=b", "text/plain")), "model_attributes_type@body");
  EXPECT_EQ(faults_of(world.post("/api/v1/auth/login", "{}")), "missing@body.username missing@body.password");
}

TEST(Rest, AWrongPasswordAndAnUnknownUserGetTheSameAnswer) {
  ApiWorld world;
  world.a_user();
  for (const char* body :
       {R"({"username":"ada@example.com","password":"wrong"})",
        R"({"username":"nobody@example.com","password":"wrong"})", R"({"username":"","password":""})"}) {
    const auto answer = world.post("/api/v1/auth/login", body);
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.body, kWrongCredentials);
  }
}

TEST(Rest, RefreshingGivesATokenOfTheSameSessionUntilTheLoginIsTooOld) {
  ApiWorld world({.sessions = {.token_lifetime = 60min, .session_max = 1h}});
  const auto [user, token] = world.logged_in();
  const auto answer = world.post("/api/v1/auth/refresh_token", "", token);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.no_store);
  EXPECT_TRUE(answer.body.starts_with(R"({"id":")" + user.id.str() +
                                      R"(","name":"Ada","username":"ada@example.com","access_token":"ey)"));
  world.clock.advance(59min);
  const auto second =
      world.ask({"POST", "/api/v1/auth/refresh_token", "whatever", {{"Content-Type", "text/plain"}}, token});
  ASSERT_EQ(second.status, 200) << "it has no body";
  const auto from = second.body.find("ey");
  const auto fresh = second.body.substr(from, second.body.find('"', from) - from);
  world.clock.advance(1min);
  const auto third = world.post("/api/v1/auth/refresh_token", "", fresh);
  EXPECT_EQ(third.status, 401);
  EXPECT_EQ(third.body, kNotValidated);
  EXPECT_EQ(header_of(third, "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(world.get("/api/v1/rooms", fresh).status, 200) << "the token itself is good until it ends";
}

TEST(Rest, RefusalsOfTokens) {
  ApiWorld world;
  const auto [user, token] = world.logged_in();
  struct {
    std::string header;
    std::string body;
  } const cases[] = {{"", kNotAuthenticated},
                     {"Basic YTpi", kNotAuthenticated},
                     {"Bearer", kNotAuthenticated},
                     {"Bearertoken", kNotAuthenticated},
                     {token, kNotAuthenticated},
                     {"Bearer abc", kNotValidated},
                     {"Bearer " + token + "x", kNotValidated},
                     {"Bearer " + token + " " + token, kNotValidated},
                     {"bEaReR eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", kNotValidated}};
  const std::pair<const char*, const char*> routes[] = {{"POST", "/api/v1/auth/refresh_token"},
                                                        {"GET", "/api/v1/rooms"},
                                                        {"POST", "/api/v1/rooms"},
                                                        {"GET", "/api/v1/rooms/nonsense/history?page=0"}};
  for (const auto& [method, target] : routes) {
    for (const auto& c : cases) {
      const auto answer = world.ask({method, target, "no json", {{"Authorization", c.header}}});
      EXPECT_EQ(answer.status, 401) << target << " " << c.header;
      EXPECT_EQ(answer.body, c.body) << target << " " << c.header;
      EXPECT_EQ(header_of(answer, "WWW-Authenticate"), "Bearer");
    }
    EXPECT_EQ(world.ask({method, target}).body, kNotAuthenticated);
    const auto twice =
        world.ask({method, target, "", {{"Authorization", "Bearer " + token}, {"Authorization", "Bearer x"}}});
    EXPECT_EQ(twice.body, kNotValidated);
  }
  EXPECT_EQ(world.ask({.target = "/api/v1/rooms", .headers = {{"Authorization", "bEARER   " + token}}}).status, 200);
}

TEST(Rest, CreatingAndListingRooms) {
  ApiWorld world;
  const auto [user, token] = world.logged_in();
  EXPECT_EQ(world.get("/api/v1/rooms", token).body, R"({"rooms":[]})");
  const auto made = world.post("/api/v1/rooms", R"({"name":"Lobby"})", token);
  ASSERT_EQ(made.status, 201) << made.body;
  const auto id = world.rooms_store.list_public_rooms()->front().id.str();
  EXPECT_EQ(made.body,
            R"({"id":")" + id + R"(","name":"Lobby","creator_id":")" + user.id.str() + R"(","description":null})");
  const auto again = world.post("/api/v1/rooms/", R"({"name":"Lobby","description":"x"})", token);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body, R"({"detail":{"error":"RoomAlreadyExists","message":"Room with name Lobby already exists."}})");
  EXPECT_EQ(world.post("/api/v1/rooms", R"({"name":"  {}  ","description":"what for"})", token).status, 201);
  const auto all = world.get("/api/v1/rooms/", token);
  EXPECT_EQ(all.status, 200);
  EXPECT_TRUE(all.body.starts_with(R"({"rooms":[{"id":")" + id)) << all.body;
  EXPECT_NE(all.body.find(R"("name":"  {}  ")"), std::string::npos) << "text is never trimmed";
  EXPECT_NE(all.body.find(R"("description":"what for"})"), std::string::npos);
  const std::string name200(200, 'x'), name201(201, 'x'), d4001(4001, 'x');
  EXPECT_EQ(
      world.post("/api/v1/rooms", R"({"name":")" + name200 + R"(","description":")" + d4001.substr(1) + "\"}", token)
          .status,
      201);
  EXPECT_EQ(
      faults_of(world.post("/api/v1/rooms", R"({"name":")" + name201 + R"(","description":")" + d4001 + "\"}", token)),
      "string_too_long@body.name string_too_long@body.description");
  EXPECT_EQ(faults_of(world.post("/api/v1/rooms", R"({"name":"","description":5})", token)),
            "string_too_short@body.name string_type@body.description");
}

TEST(Rest, PagesOfHistory) {
  ApiWorld world;
  const auto [user, token] = world.logged_in();
  const auto room = world.a_room(user);
  const auto base = "/api/v1/rooms/" + room.id.str() + "/history";
  const auto page = [&](std::int64_t current, std::int64_t size, std::int64_t pages, std::int64_t total) {
    return R"("pagination":{"current_page":)" + std::to_string(current) + R"(,"page_size":)" + std::to_string(size) +
           R"(,"total_pages":)" + std::to_string(pages) + R"(,"total_messages":)" + std::to_string(total) + "}}";
  };
  const std::string head = R"({"room_id":")" + room.id.str() + R"(","messages":[)";
  EXPECT_EQ(world.get(base, token).body, head + "]," + page(1, 10, 0, 0));
  EXPECT_EQ(world.get(base + "/", token).body, head + "]," + page(1, 10, 0, 0));
  for (int i = 0; i < 23; ++i) world.a_message(room, user, "message " + std::to_string(i), i == 20);
  const auto third = world.get(base + "?page=3&size=10", token).body;
  EXPECT_TRUE(third.ends_with("]," + page(3, 10, 3, 23))) << third;
  const auto stored = world.rooms_store.history_page(room.id, user.id, 3, 10)->messages;
  ASSERT_EQ(stored.size(), 3u);
  const auto one = [&](const Message& message, std::string rest) {
    return R"({"id":")" + message.id.str() + R"(","room_id":")" + room.id.str() + R"(","user":{"id":")" +
           user.id.str() + R"(","name":"Ada"},)" + rest + R"(,"timestamp":"2026-11-23T01:02:03.000004Z","seq":)" +
           std::to_string(message.seq.value);
  };
  ASSERT_GT(stored[1].seq, stored[0].seq);
  EXPECT_EQ(third, head + one(stored[0], R"("content":"")") + R"(,"deleted":true},)" +
                       one(stored[1], R"("content":"message 21")") + "}," +
                       one(stored[2], R"("content":"message 22")") + "}]," + page(3, 10, 3, 23));
  EXPECT_EQ(world.get(base + "?page=4", token).body, head + "]," + page(4, 10, 3, 23));
  EXPECT_EQ(world.get(base + "?page=9223372036854775807&size=100", token).body,
            head + "]," + page(9223372036854775807, 100, 1, 23));
  EXPECT_TRUE(world.get(base + "?size=23", token).body.ends_with(page(1, 23, 1, 23)));
  EXPECT_TRUE(world.get(base + "?other=x&page=2&size=22", token).body.ends_with(page(2, 22, 2, 23)));
}

TEST(Rest, HistoryRefusesBadQuestionsPrecisely) {
  ApiWorld world;
  const auto [user, token] = world.logged_in();
  const auto room = world.a_room(user);
  const auto base = "/api/v1/rooms/" + room.id.str() + "/history";
  EXPECT_EQ(faults_of(world.get(base + "?page=0&size=101", token)),
            "greater_than_equal@query.page less_than_equal@query.size");
  EXPECT_EQ(faults_of(world.get(base + "?page=-1&size=0", token)),
            "greater_than_equal@query.page greater_than_equal@query.size");
  EXPECT_EQ(faults_of(world.get(base + "?page=x&size=", token)), "int_parsing@query.page int_parsing@query.size");
  EXPECT_EQ(faults_of(world.get("/api/v1/rooms/nonsense/history?page=0", token)),
            "uuid_parsing@path.room_id greater_than_equal@query.page");
  const auto unknown = RoomId::make().str();
  const auto answer = world.get("/api/v1/rooms/" + unknown + "/history", token);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body,
            R"({"detail":{"error":"RoomNotFound","message":"Room with id )" + unknown + R"( was not found."}})");
}

TEST(Rest, UnknownPathsAndWrongMethods) {
  ApiWorld world;
  for (const char* target : {"/nowhere", "/api/v1", "/api/v1/rooms/x", "/api/v1/rooms//history", "/api/v1%2Frooms",
                             "/docs%2Fdocs.js", "/api/v1/users/x", "/API/v1/users"}) {
    const auto answer = world.get(target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_EQ(answer.body, R"({"detail":"Not Found"})") << target;
  }
  const std::tuple<const char*, const char*, const char*> wrong[] = {
      {"GET", "/api/v1/users", "POST, OPTIONS"},
      {"DELETE", "/api/v1/rooms", "GET, HEAD, POST, OPTIONS"},
      {"HEAD", "/api/v1/auth/login", "POST, OPTIONS"},
      {"BREW", "/", "GET, HEAD, OPTIONS"},
      {"POST", "/docs", "GET, HEAD, OPTIONS"}};
  for (const auto& [method, target, allow] : wrong) {
    const auto answer = world.ask({method, target});
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.body, R"({"detail":"Method Not Allowed"})");
    EXPECT_EQ(header_of(answer, "Allow"), allow);
  }
  const auto options = world.ask({"OPTIONS", "/api/v1/rooms/"});
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(header_of(options, "Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(world.ask({"OPTIONS", "/nowhere"}).status, 404);
  EXPECT_EQ(world.ask({"HEAD", "/"}).body, R"({"message":"/"})") << "transport leaves the body out";
}

TEST(Rest, TooManyRequestsSayWhenToComeAgain) {
  ApiWorld world({.accounts = {.password_cost = kCheap, .sign_ups = {1.0 / 3600, 1}}, .rooms = {.creations = {5, 1}}});
  const auto [user, token] = world.logged_in();  // from another address than requests come from
  const auto sign_up = [&](std::string name, std::string peer, std::string forwarded = {}) {
    Ask a{"POST", "/api/v1/users",
          R"({"name":"x","username":")" + name + R"(@example.com","password":"correct horse"})"};
    a.peer = std::move(peer);
    if (!forwarded.empty()) a.headers = {{"X-Forwarded-For", std::move(forwarded)}};
    return world.ask(a);
  };
  EXPECT_EQ(sign_up("a", "192.0.2.1").status, 201);
  const auto over = sign_up("b", "192.0.2.1", "10.9.9.9");
  EXPECT_EQ(over.status, 429) << "a header of one who is no proxy is not believed";
  EXPECT_EQ(over.body,
            R"({"detail":{"error":"TooManyRequests","message":"Too many requests. Please try again later."}})");
  EXPECT_EQ(header_of(over, "Retry-After"), "60");
  EXPECT_EQ(header_of(over, "RateLimit-Limit"), "1");
  EXPECT_EQ(header_of(over, "RateLimit-Remaining"), "0");
  EXPECT_EQ(header_of(over, "RateLimit-Reset"), "60");
  EXPECT_EQ(sign_up("c", "2001:db8::1").status, 201);
  EXPECT_EQ(sign_up("d", "2001:db8::2").status, 429) << "IPv6 counts by /64";
  EXPECT_EQ(sign_up("e", "2001:db8:0:1::1").status, 201);

  EXPECT_EQ(world.post("/api/v1/rooms", R"({"name":"1"})", token).status, 201);
  const auto rooms = world.post("/api/v1/rooms", R"({"name":"2"})", token);
  EXPECT_EQ(rooms.status, 429);
  EXPECT_EQ(header_of(rooms, "Retry-After"), "1");

  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(world.post("/api/v1/auth/login", R"({"username":"ada@example.com","password":"x"})").status, 401);
  const auto login = world.post("/api/v1/auth/login", R"({"username":"ada@example.com","password":"correct horse"})");
  EXPECT_EQ(login.status, 429);
  EXPECT_EQ(header_of(login, "RateLimit-Limit"), "10");
  const int after = std::stoi(header_of(login, "Retry-After"));
  EXPECT_TRUE(after >= 1 && after <= 60) << after;
}

TEST(Rest, BehindATrustedProxyTheForwardedAddressCounts) {
  ApiWorld world({.accounts = {.password_cost = kCheap, .sign_ups = {1.0 / 3600, 1}}},
                 {.trusted_proxies = {*IpNetwork::parse("10.0.0.0/8")}});
  const auto sign_up = [&](std::string name, std::vector<std::pair<std::string, std::string>> headers) {
    return world
        .ask({"POST", "/api/v1/users",
              R"({"name":"x","username":")" + name + R"(@example.com","password":"correct horse"})", std::move(headers),
              "", "10.0.0.1"})
        .status;
  };
  EXPECT_EQ(sign_up("a", {{"X-Forwarded-For", "203.0.113.1"}}), 201);
  EXPECT_EQ(sign_up("b", {{"X-Forwarded-For", "203.0.113.2"}}), 201);
  EXPECT_EQ(sign_up("c", {{"X-Forwarded-For", "203.0.113.9, 203.0.113.1, 10.2.2.2"}}), 429)
      << "the rightmost that is no proxy";
  EXPECT_EQ(sign_up("d", {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-For", "203.0.113.2"}}), 429);
}

TEST(Rest, AFullQueueOfPasswordsIs503) {
  ApiWorld world({.hashing = {.queue_limit = 0}});
  const auto answer = world.post("/api/v1/auth/login", R"({"username":"ada@example.com","password":"correct horse"})");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(
      answer.body,
      R"({"detail":{"error":"ServiceUnavailable","message":"The server is busy. Nothing was changed; please try again."}})");
  EXPECT_EQ(header_of(answer, "Retry-After"), "1");
}

TEST(Rest, AStoreThatIsAwayIs503AndOneThatThrowsIs500) {
  ApiWorld world;
  const auto [user, token] = world.logged_in();
  const auto room = world.a_room(user);
  const Ask asks[] = {
      {"POST", "/api/v1/users", R"({"name":"x","username":"x@example.com","password":"correct horse"})"},
      {"POST", "/api/v1/auth/login", R"({"username":"ada@example.com","password":"correct horse"})"},
      {"POST", "/api/v1/auth/refresh_token", "", {}, token},
      {"POST", "/api/v1/rooms", R"({"name":"x"})", {}, token},
      {"GET", "/api/v1/rooms", "", {}, token},
      {"GET", "/api/v1/rooms/" + room.id.str() + "/history", "", {}, token},
  };
  world.users.weather.away = world.rooms_store.weather.away = true;
  for (const auto& ask : asks) {
    const auto answer = world.ask(ask);
    EXPECT_EQ(answer.status, 503) << ask.target;
    EXPECT_EQ(header_of(answer, "Retry-After"), "5");
    EXPECT_EQ(header_of(answer, "WWW-Authenticate"), "") << "nobody is told that his token is bad";
    EXPECT_TRUE(answer.body.starts_with(R"({"detail":{"error":"ServiceUnavailable","message":)")) << answer.body;
  }
  world.users.weather.away = world.rooms_store.weather.away = false;
  world.users.weather.broken = world.rooms_store.weather.broken = true;
  for (const auto& ask : asks) {
    const auto answer = world.ask(ask);
    EXPECT_EQ(answer.status, 500) << ask.target;
    EXPECT_EQ(answer.body,
              R"({"detail":{"error":"InternalServerError","message":"Oops! An unexpected error occurred."}})");
  }
}

TEST(Rest, HealthReadinessAndMetrics) {
  ApiWorld world;
  EXPECT_EQ(world.get("/healthz").body, R"({"status":"alive"})");
  EXPECT_EQ(world.get("/readyz").body, R"({"status":"ready","reasons":[]})");
  world.users.weather.away = true;
  EXPECT_EQ(world.get("/healthz").status, 200);
  const auto red = world.get("/readyz");
  EXPECT_EQ(red.status, 503);
  EXPECT_EQ(red.body, R"({"status":"not ready","reasons":["database: it does not answer"]})");
  EXPECT_EQ(header_of(red, "Retry-After"), "5");
  world.users.weather.away = false;
  EXPECT_EQ(world.get("/readyz").status, 200) << "it heals by itself";
  const auto metrics = world.get("/metrics");
  EXPECT_EQ(metrics.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(metrics.body, "chatd_up 1\n");
}

}  // namespace
}  // namespace chat::testing
