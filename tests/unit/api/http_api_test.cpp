// What concerns all routes: pages, origins, upgrades, transport's own errors.
#include "unit/api/api_world.hpp"

#include "telemetry/metrics.hpp"

#include <gtest/gtest.h>

namespace chat::testing {
namespace {

TEST(Pages, DocsAreServedFromTheBinary) {
  ApiWorld world;
  const auto page = world.get("/docs/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_NE(page.content().find("/docs/swagger-ui-bundle.js"), std::string_view::npos);
  EXPECT_EQ(world.get("/docs/swagger-ui-bundle.js").content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(world.get("/openapi.json").content_type, "application/json");
  EXPECT_TRUE(world.get("/openapi.json").content().starts_with(R"({"openapi":"3.1.0")"));
}

TEST(Pages, ABrowserThatHasThemAsksInVain) {
  ApiWorld world;
  const auto plain = world.get("/docs");
  const auto etag = header_of(plain, "ETag");
  ASSERT_GT(etag.size(), 2u);
  const auto same = world.ask({.target = "/docs", .headers = {{"If-None-Match", "\"x\", W/" + etag}}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.content(), "");
  EXPECT_EQ(header_of(same, "ETag"), etag);
  const auto zipped =
      world.ask({.target = "/docs", .headers = {{"Accept-Encoding", "br, GZIP;q=0.5"}, {"If-None-Match", etag}}});
  EXPECT_EQ(zipped.status, 200) << "other bytes, another tag";
  EXPECT_EQ(header_of(zipped, "Content-Encoding"), "gzip");
  EXPECT_EQ(header_of(zipped, "Vary"), "Accept-Encoding");
  EXPECT_TRUE(zipped.content().starts_with("\x1f\x8b"));
  EXPECT_EQ(header_of(world.ask({.target = "/docs", .headers = {{"Accept-Encoding", "gzip;q=0"}}}), "Content-Encoding"),
            "");
}

TEST(Origins, AnyOriginMayAskByDefault) {
  ApiWorld world;
  const auto answer = world.ask({.target = "/nowhere", .headers = {{"Origin", "https://app.example"}}});
  EXPECT_EQ(header_of(answer, "Access-Control-Allow-Origin"), "*");
  EXPECT_NE(header_of(answer, "Access-Control-Expose-Headers").find("Retry-After"), std::string::npos);
  EXPECT_EQ(header_of(world.get("/"), "Access-Control-Allow-Origin"), "") << "no browser, no header";
  const auto preflight = world.ask({"OPTIONS",
                                    "/api/v1/rooms",
                                    "",
                                    {{"Origin", "https://app.example"},
                                     {"Access-Control-Request-Method", "POST"},
                                     {"Access-Control-Request-Headers", "authorization,content-type,x-own"}}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(header_of(preflight, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(header_of(preflight, "Access-Control-Allow-Methods"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(header_of(preflight, "Access-Control-Allow-Headers"), "authorization,content-type,x-own");
  EXPECT_EQ(header_of(preflight, "Access-Control-Max-Age"), "600");
}

TEST(Origins, AListLetsOnlyItsMembersIn) {
  ApiWorld world({}, {.allowed_origins = {"https://app.example", "http://localhost:3000"}});
  const auto good = world.ask({.headers = {{"Origin", "HTTPS://app.example"}}});
  EXPECT_EQ(header_of(good, "Access-Control-Allow-Origin"), "HTTPS://app.example");
  EXPECT_NE(header_of(good, "Vary").find("Origin"), std::string::npos);
  for (const char* origin :
       {"https://evil.example", "https://app.example.evil.example", "http://app.example", "null", ""}) {
    const auto bad = world.ask({.headers = {{"Origin", origin}}});
    EXPECT_EQ(header_of(bad, "Access-Control-Allow-Origin"), "") << origin;
    EXPECT_NE(header_of(bad, "Vary").find("Origin"), std::string::npos);
    const auto preflight =
        world.ask({"OPTIONS", "/", "", {{"Origin", origin}, {"Access-Control-Request-Method", "GET"}}});
    EXPECT_EQ(header_of(preflight, "Access-Control-Allow-Methods"), "");
  }
}

TEST(Upgrades, GoToTheHandlerOfTheirPathWithItsParameters) {
  ApiWorld world({}, {.allowed_origins = {"https://app.example"}});
  std::vector<std::string> seen;
  world.api.add_upgrade("/api/v1/chat/{room_id}",
                        [&](HttpRequest, schema::Pairs path) -> boost::asio::awaitable<transport::UpgradeAnswer> {
                          seen.push_back(path.at(0).first + "=" + path.at(0).second);
                          const auto answer = [](HttpResponse r) -> boost::asio::awaitable<transport::UpgradeAnswer> {
                            co_return r;
                          };
                          return answer(api::plain_error(403, "no"));
                        });
  const auto status = [&](Ask ask) { return std::get<HttpResponse>(run(world.api.upgrade(request_of(ask)))).status; };
  EXPECT_EQ(status({.target = "/api/v1/chat/some-id"}), 403);
  EXPECT_EQ(status({.target = "/api/v1/chat/some-id/", .headers = {{"Origin", "https://app.example"}}}), 403);
  EXPECT_EQ(seen, (std::vector<std::string>{"room_id=some-id", "room_id=some-id"}));
  EXPECT_EQ(status({.target = "/api/v1/chat/some-id", .headers = {{"Origin", "https://evil.example"}}}), 403);
  EXPECT_EQ(seen.size(), 2u) << "a foreign origin is refused before";
  EXPECT_EQ(status({.target = "/api/v1/rooms"}), 404);
  EXPECT_EQ(world.get("/api/v1/chat/some-id").status, 404) << "no such page without an upgrade";
}

TEST(Upgrades, OneThatThrowsIs500) {
  ApiWorld world;
  world.api.add_upgrade("/x", [](HttpRequest, schema::Pairs) -> boost::asio::awaitable<transport::UpgradeAnswer> {
    throw std::runtime_error("broken");
  });
  EXPECT_EQ(std::get<HttpResponse>(run(world.api.upgrade(request_of({.target = "/x"})))).status, 500);
}

TEST(TransportErrors, HaveTheShapesOfTheContract) {
  ApiWorld world;
  const std::pair<int, std::string> cases[] = {
      {400, R"({"detail":"Bad Request"})"},
      {408, R"({"detail":"Request Timeout"})"},
      {413, R"({"detail":{"error":"PayloadTooLarge","message":"The request is too large."}})"},
      {414, R"({"detail":"URI Too Long"})"},
      {431, R"({"detail":"Request Header Fields Too Large"})"},
      {500, R"({"detail":{"error":"InternalServerError","message":"Oops! An unexpected error occurred."}})"},
      {505, R"({"detail":"HTTP Version Not Supported"})"}};
  for (const auto& [status, body] : cases) {
    const auto answer = world.api.error_response(status, {});
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.content_type, "application/json");
  }
  EXPECT_EQ(world.api.error_response(400, "two Host fields").body, R"({"detail":"two Host fields"})");
}

TEST(BodyLimits, AreTheServersUnlessARouteSaysOtherwise) {
  ApiWorld world({}, {.max_body_bytes = 1234});
  EXPECT_EQ(world.api.body_limit(request_of({"POST", "/api/v1/users"})), 1234u);
  EXPECT_EQ(world.api.body_limit(request_of({"POST", "/nowhere"})), 1234u);
}

TEST(RequestMetrics, CountByRouteAndNotByPath) {
  ApiWorld world;
  const auto& counter =
      metrics().counter("chatd_http_requests_total", "Requests answered.",
                        {{"method", "GET"}, {"route", "/api/v1/rooms/{room_id}/history"}, {"status", "4xx"}});
  const auto before = counter.value();
  world.get("/api/v1/rooms/a/history");
  world.get("/api/v1/rooms/b/history");
  EXPECT_EQ(counter.value() - before, 2u);
  const auto& other = metrics().counter("chatd_http_requests_total", "Requests answered.",
                                        {{"method", "other"}, {"route", "other"}, {"status", "4xx"}});
  const auto unknown = other.value();
  world.get("/a");
  world.get("/b");
  EXPECT_EQ(other.value() - unknown, 2u);
}

}  // namespace
}  // namespace chat::testing
