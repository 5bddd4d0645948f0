#include "transport/http_parser.hpp"

#include <gtest/gtest.h>

namespace chat::transport {
namespace {

using Status = HttpParser::Status;

struct Outcome {
  int error = 0;  // 0: complete; -1: not complete when the bytes ended
  HttpRequest request;
  std::size_t consumed = 0;
  bool keep_alive = false, expects_continue = false, wants_websocket = false;
};

constexpr std::size_t kBodyLimit = 1000;

// Gives the parser the bytes in pieces, as a session does.
Outcome parse(const std::string& bytes, std::size_t piece = std::string::npos, HttpLimits limits = {}) {
  HttpParser parser(limits);
  Outcome out;
  std::string input;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size())) {
    input += bytes.substr(at, piece);
    for (bool again = true; again;) {
      const auto step = parser.parse(input);
      input.erase(0, step.consumed);
      out.consumed += step.consumed;
      again = false;
      if (step.status == Status::error) {
        out.error = step.http_status;
        return out;
      }
      if (step.status == Status::head) {
        parser.set_body_limit(kBodyLimit);
        again = true;
      }
      if (step.status == Status::complete) {
        out.keep_alive = parser.keep_alive();
        out.expects_continue = parser.expects_continue();
        out.wants_websocket = parser.wants_websocket();
        out.request = std::move(parser.request());
        return out;
      }
    }
  }
  out.error = -1;
  return out;
}

std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}
std::string post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }

struct Case {
  std::string bytes;
  int status;
};

const Case kMalformed[] = {
    // the first line
    {"G", -1},
    {" GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"G@T / HTTP/1.1\r\n", 400},
    {"GET\t/ HTTP/1.1\r\n", 400},
    {"GET\r\n", 400},
    {"GET /\r\n", 400},
    {"GET / \r\n", 400},
    {"GET /\n", 400},
    {"GET / HTTP/1.1\n", 400},
    {"GET / HTTP/1.1 \r\n", 400},
    {"GET  / HTTP/1.1\r\n", 400},
    {"GET /  HTTP/1.1\r\n", 400},
    {"GET /a b HTTP/1.1\r\n", 400},
    {"GET / http/1.1\r\n", 400},
    {"GET / HTTP/11\r\n", 400},
    {"GET / HTTP/x.1\r\n", 400},
    {"GET / HTTP/1.1x\r\n", 400},
    {"GET / HTTP/1.1\rX", 400},
    {"GET / HTTP/2.0\r\n", 505},
    {"GET / HTTP/1.2\r\n", 505},
    {"GET / HTTP/0.9\r\n", 505},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {std::string(33, 'A') + " / HTTP/1.1\r\n", 400},
    {"\x16\x03\x01\x02", 400},
    {"\n", 400},
    {"\rX", 400},
    {"\r\n\r\n\r\n", 400},
    {"GET /a#b HTTP/1.1\r\n", 400},
    {"GET /a\x7F HTTP/1.1\r\n", 400},
    {"GET /\xC3\xA9 HTTP/1.1\r\n", 400},
    {std::string("GET /a\0b HTTP/1.1\r\n", 19), 400},
    {"GET /" + std::string(8 * 1024, 'a'), 414},
    // targets
    {get("a"), 400},
    {get("*"), 400},
    {get("http://y/"), 400},
    {get("ftp://x/"), 400},
    {get("//"), 0},
    {get("/%00"), 400},
    {get("/%"), 400},
    {get("/%4"), 400},
    {get("/%zz"), 400},
    {get("/%FF"), 400},
    {get("/%C3"), 400},
    {get("/%ED%A0%80"), 400},
    {get("/?q=%00"), 400},
    {get("/?q=%F"), 400},
    {get("/?%80=1"), 400},
    {"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 400},
    {"CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    // fields
    {get("/", " folded: x\r\n"), 400},
    {get("/", "A: b\r\n c\r\n"), 400},
    {get("/", "A: b\r\n\tc\r\n"), 400},
    {get("/", "A : b\r\n"), 400},
    {get("/", ": b\r\n"), 400},
    {get("/", "A\r\n"), 400},
    {get("/", "A b: c\r\n"), 400},
    {get("/", "A: b\nC: d\r\n"), 400},
    {get("/", "A: b\rC: d\r\n"), 400},
    {get("/", std::string("A: b\0c\r\n", 8)), 400},
    {get("/", "A: b\x01\r\n"), 400},
    {get("/", "A: b\x7F\r\n"), 400},
    {get("/", "A\xC3: b\r\n"), 400},
    {"GET / HTTP/1.1\r\nHost: x\n\n", 400},
    {"GET / HTTP/1.1\r\nHost: x\r\n\rX", 400},
    {get("/", "A: " + std::string(17'000, 'x') + "\r\n"), 431},
    {"GET / HTTP/1.1\r\nHost: x\r\n" + std::string(20'000, 'x'), 431},
    // host
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {get("/", "Host: x\r\n"), 400},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: h:port\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: h:123456\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: h:99999999999999999999\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1]:65536\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1]80\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [1.2.3.4]\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: h, h\r\n\r\n", 400},
    {"GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400},
    // length and coding
    {post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
    {post("Transfer-Encoding: identity\r\n", "0\r\n\r\n"), 400},
    {post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
    {post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
    {post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
    {post("Transfer-Encoding:\r\n", "0\r\n\r\n"), 400},
    {post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), 400},
    {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), 400},
    {post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
    {post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
    {post("Content-Length: 5, 5\r\n", "hello"), 400},
    {post("Content-Length: +5\r\n", "hello"), 400},
    {post("Content-Length: -5\r\n", "hello"), 400},
    {post("Content-Length: 0x5\r\n", "hello"), 400},
    {post("Content-Length: 5 5\r\n", "hello"), 400},
    {post("Content-Length:\r\n", "hello"), 400},
    {post("Content-Length: 99999999999999999999\r\n", "hello"), 400},
    {post("Content-Length: 18446744073709551621\r\n", "hello"), 400},
    {post("Content-Length: 1001\r\n", "hello"), 413},
    {post("Content-Length: 5\r\n", "hell"), -1},
    {post("Expect: 200-ok\r\n", ""), 417},
    // chunks
    {chunked("x\r\n"), 400},
    {chunked("-1\r\n"), 400},
    {chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400},
    {chunked("5\nhello\n0\n\n"), 400},
    {chunked("5\r\nhelloX\r\n0\r\n\r\n"), 400},
    {chunked("5\r\nhello0\r\n\r\n"), 400},
    {chunked("11111111111111111\r\n"), 400},
    {chunked("3e9\r\n"), 413},
    {chunked("300\r\n" + std::string(0x300, 'x') + "\r\n300\r\n" + std::string(0x300, 'x')), 413},
    {chunked("1;" + std::string(5000, 'x')), 400},
    {chunked("0\r\nA: " + std::string(5000, 'x')), 400},
    {chunked("5\r\nhello\r\n0\r\n"), -1},
};

TEST(HttpParser, RefusesWhatIsMalformedWithTheRightStatusHoweverItIsSplit) {
  static_assert(std::size(kMalformed) >= 60);
  for (const Case& c : kMalformed) {
    for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{7}})
      EXPECT_EQ(parse(c.bytes, piece).error, c.status)
          << testing::PrintToString(c.bytes.substr(0, 120)) << " by " << piece;
  }
}

TEST(HttpParser, RefusesManyChunkExtensionsThatAreEachSmall) {
  std::string body;
  for (int i = 0; i < 200; ++i) body += "1;" + std::string(40, 'e') + "\r\nx\r\n";
  EXPECT_EQ(parse(chunked(body)).error, 400);
}

// Beast looks at some of these fields before we do: the answer is as clear as ours.
TEST(HttpParser, SaysWhichFieldIsWrongWhoeverSeesItFirst) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"Content-Length: x\r\n", "malformed Content-Length"},
      {"Content-Length: 1, 1\r\n", "malformed Content-Length"},
      {"Content-Length: 1\r\nContent-Length: 1\r\n", "several Content-Length"},
      {"Content-Length: 1\r\nContent-Length: 2\r\n", "several Content-Length"},
      {"Content-Length: 1\r\nContent-Length:\r\n", "several Content-Length"},
      {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "unsupported Transfer-Encoding"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "unsupported Transfer-Encoding"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "unsupported Transfer-Encoding"},
      {"Connection: a b\r\n", "malformed request"},
  };
  for (const auto& [fields, reason] : cases) {
    const HttpLimits limits;
    HttpParser parser(limits);
    const std::string bytes = post(fields, "");
    const auto step = parser.parse(bytes);
    EXPECT_EQ(step.status, HttpParser::Status::error) << fields;
    EXPECT_EQ(step.http_status, 400) << fields;
    EXPECT_EQ(step.reason, reason) << fields;
  }
}

TEST(HttpParser, RefusesTooManyFields) {
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "A: b\r\n";
  EXPECT_EQ(parse(get("/", fields)).error, 431);
}

TEST(HttpParser, ReadsAGetWithEverythingInItsPlace) {
  for (const std::size_t piece : {std::string::npos, std::size_t{1}}) {
    const auto out = parse(
        "GET /api/v1/a%2Fb/%C3%A9/?x=1&x=2&y=a+b%26&z HTTP/1.1\r\nHost: Example.org:8000\r\nX-A:  v \t\r\nx-a: "
        "w\r\n\r\nrest",
        piece);
    ASSERT_EQ(out.error, 0);
    const HttpRequest& r = out.request;
    EXPECT_EQ(r.method, Method::get);
    EXPECT_EQ(r.raw_path(), "/api/v1/a%2Fb/%C3%A9/");
    EXPECT_EQ(r.path, (std::vector<std::string>{"api", "v1", "a/b", "\xC3\xA9"}));
    EXPECT_EQ(r.query, (std::vector<HttpRequest::QueryPair>{{"x", "1"}, {"x", "2"}, {"y", "a b&"}, {"z", ""}}));
    EXPECT_EQ(r.query_count("x"), 2u);
    EXPECT_EQ(r.query_value("x"), "1");
    EXPECT_EQ(r.headers.find("X-a"), "v");
    EXPECT_EQ(r.headers.count("X-A"), 2u);
    EXPECT_TRUE(out.keep_alive);
    EXPECT_TRUE(r.body.empty());
  }
}

TEST(HttpParser, ReadsBodiesOfBothKinds) {
  for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{4}}) {
    EXPECT_EQ(parse(post("Content-Length: 5\r\n", "hello"), piece).request.body, "hello");
    EXPECT_EQ(parse(chunked("5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: x\r\n\r\n"), piece).request.body,
              "hello world");
    EXPECT_EQ(parse(chunked("A\r\n0123456789\r\n0\r\n\r\n"), piece).request.body, "0123456789");
    EXPECT_EQ(parse(post("TRANSFER-ENCODING: Chunked\r\n", "0\r\n\r\n"), piece).error, 0);
    EXPECT_EQ(parse(post("Content-Length: 1000\r\n", std::string(1000, 'x')), piece).error, 0);
  }
}

TEST(HttpParser, TrailersAreNoHeaders) {
  const auto out = parse(chunked("0\r\nHost: evil\r\nAuthorization: x\r\n\r\n"));
  ASSERT_EQ(out.error, 0);
  EXPECT_EQ(out.request.headers.count("host"), 1u);
  EXPECT_FALSE(out.request.headers.contains("authorization"));
}

TEST(HttpParser, LeavesTheNextRequestAlone) {
  const std::string first = post("Content-Length: 5\r\n", "hello");
  EXPECT_EQ(parse(first + get("/next")).consumed, first.size());
  const std::string second = chunked("5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(parse(second + get("/next")).consumed, second.size());
  EXPECT_EQ(parse(get("/") + "GET").consumed, get("/").size());
}

TEST(HttpParser, KnowsWhenTheConnectionStays) {
  EXPECT_TRUE(parse(get("/")).keep_alive);
  EXPECT_FALSE(parse(get("/", "Connection: close\r\n")).keep_alive);
  EXPECT_FALSE(parse(get("/", "Connection: x, Close\r\n")).keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(HttpParser, TakesAbsoluteFormForThisHostOnly) {
  const auto out = parse("GET http://EXAMPLE.org/a?b=c HTTP/1.1\r\nHost: example.org\r\n\r\n");
  ASSERT_EQ(out.error, 0);
  EXPECT_EQ(out.request.target, "/a?b=c");
  EXPECT_EQ(parse("GET http://x HTTP/1.1\r\nHost: x\r\n\r\n").request.target, "/");
  EXPECT_EQ(parse("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").request.path, std::vector<std::string>{"*"});
}

TEST(HttpParser, SeesExpectationsAndUpgrades) {
  EXPECT_TRUE(parse(post("Content-Length: 1\r\nExpect: 100-Continue\r\n", "x")).expects_continue);
  EXPECT_FALSE(parse("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx").expects_continue);
  EXPECT_TRUE(parse(get("/", "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n")).wants_websocket);
  EXPECT_FALSE(parse(get("/", "Upgrade: websocket\r\n")).wants_websocket);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").wants_websocket);
}

TEST(HttpParser, TakesHostsOfEveryForm) {
  for (const char* host :
       {"a", "a.b-c_d", "a:1", "a:", "a:65535", "a:000080", "127.0.0.1:8000", "[::1]", "[::1]:", "[2001:db8::1]:65535"})
    EXPECT_EQ(parse(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n").error, 0) << host;
}

TEST(HttpParser, TakesOneEmptyLineBeforeARequest) { EXPECT_EQ(parse("\r\n" + get("/a")).request.raw_path(), "/a"); }

TEST(HttpParser, ServesAgainAfterReset) {
  HttpLimits limits;
  HttpParser parser(limits);
  for (const char* target : {"/one", "/two"}) {
    EXPECT_EQ(parser.parse(get(target)).status, Status::head);
    EXPECT_EQ(parser.parse("").status, Status::complete);
    EXPECT_EQ(parser.request().target, target);
    parser.reset();
  }
}

TEST(DecodePath, SplitsFirstAndDecodesOnce) {
  using Segments = std::vector<std::string>;
  EXPECT_EQ(decode_path("/"), Segments{});
  EXPECT_EQ(decode_path("/a"), Segments{"a"});
  EXPECT_EQ(decode_path("/a/"), Segments{"a"});
  EXPECT_EQ(decode_path("//"), Segments{""}) << "not the root";
  EXPECT_EQ(decode_path("///"), (Segments{"", ""}));
  EXPECT_EQ(decode_path("/a//b"), (Segments{"a", "", "b"}));
  EXPECT_EQ(decode_path("/a%2Fb/c%252Fd"), (Segments{"a/b", "c%2Fd"}));
  EXPECT_EQ(decode_path("/../a"), (Segments{"..", "a"}));
  EXPECT_EQ(decode_path("/a+b"), Segments{"a+b"});
  EXPECT_EQ(decode_path("/%2e%2E"), Segments{".."});
  EXPECT_FALSE(decode_path("/a/%00"));
  EXPECT_FALSE(decode_path("/%F0%9F%98"));
}

TEST(HttpParser, KeepsNoMemoryOfALargeBodyAndTakesNoMoreThanItsLength) {
  constexpr std::size_t kLarge = 1'000'000;
  const HttpLimits limits;
  HttpParser parser(limits);
  const auto head = parser.parse(post("Content-Length: 1000000\r\n", ""));
  ASSERT_EQ(head.status, Status::head);
  parser.set_body_limit(kLarge);
  const std::string part(50'000, 'x');
  for (std::size_t at = 0; at + part.size() < kLarge; at += part.size()) EXPECT_EQ(parser.parse(part).http_status, 0);
  EXPECT_LE(parser.request().body.capacity(), kLarge + 1);
  parser.reset();
  EXPECT_LT(parser.request().body.capacity(), 100u);
}

TEST(HttpHeaders, ListsAreReadAcrossFieldsAndEmptyOnesAreNone) {
  HttpHeaders headers;
  headers.add("Sec-WebSocket-Protocol", "");
  EXPECT_TRUE(headers.tokens("sec-websocket-protocol").empty());
  headers.add("sec-websocket-protocol", "bearer , abc,,");
  headers.add("SEC-WEBSOCKET-PROTOCOL", "d");
  EXPECT_EQ(headers.tokens("Sec-WebSocket-Protocol"), (std::vector<std::string_view>{"bearer", "abc", "d"}));
  EXPECT_TRUE(headers.has_token("sec-websocket-protocol", "BEARER"));
  EXPECT_FALSE(headers.has_token("sec-websocket-protocol", "bear"));
}

}  // namespace
}  // namespace chat::transport
