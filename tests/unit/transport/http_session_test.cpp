#include "transport/http_server.hpp"
#include "unit/transport/loop_fixture.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>
#include <vector>

namespace chat::transport {
namespace {

using namespace test;
namespace asio = boost::asio;

struct EchoSocket final : WebSocketHandler {
  explicit EchoSocket(int& c) : closes(c) {}
  void on_open(Connection& opened) override {
    auto& s = static_cast<WebSocket&>(opened);
    socket = &s;
    s.send_text("welcome");
  }
  void on_text(std::string_view m) override { socket->send_text(m); }
  void on_binary(std::string_view m) override { socket->send_binary(m); }
  void on_close(const CloseInfo&) override { ++closes; }
  WebSocket* socket = nullptr;
  int& closes;
};

// Pushes nothing by itself: the tests do.
struct Pusher final : ConnectionHandler {
  void on_open(Connection& opened) override { (connection = &opened)->send_frame("5\r\nhello\r\n"); }
  void on_close(const CloseInfo& info) override { closed.push_back(info); }
  Connection* connection = nullptr;
  std::vector<CloseInfo> closed;
};

struct Handler final : HttpHandler {
  asio::awaitable<HttpResponse> serve(HttpRequest request) override {
    requests.push_back(request);
    if (request.target == "/throw") throw std::runtime_error("bug");
    if (request.target == "/slow") {
      asio::steady_timer timer(request.loop->context(), 60ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
    HttpResponse response;
    response.content_type = "text/plain";
    response.body = request.target + ":" + request.body;
    if (request.target == "/big") response.body.assign(3 << 20, 'b');
    if (request.target == "/204") response.status = 204, response.body.clear();
    if (request.target == "/token") response.no_store = true;
    if (request.target == "/split") response.header("X-Bad", "a\r\nX-Evil: b");
    if (request.target == "/static") response.static_body = "for ever";
    if (request.target == "/stream") response.stream = pusher, response.stream_options = &stream_options;
    co_return response;
  }
  asio::awaitable<UpgradeAnswer> upgrade(HttpRequest request) override {
    requests.push_back(request);
    if (request.target == "/no") co_return error_response(403, "no");
    WebSocketAccept accept;
    accept.handler = std::make_shared<EchoSocket>(closes);
    accept.options = &websocket_options;
    const auto offered = request.headers.tokens("sec-websocket-protocol");
    if (!offered.empty()) accept.subprotocol = offered.front();
    co_return accept;
  }
  HttpResponse error_response(int status, std::string_view reason) override {
    HttpResponse response;
    response.status = status;
    response.content_type = "application/json";
    response.body = "{\"detail\":\"" + std::string(reason) + "\"}";
    return response;
  }
  void decorate(const HttpRequest& request, HttpResponse& response) override {
    response.header("X-Asked", request.target);
  }
  std::size_t body_limit(const HttpRequest& head) override { return head.target == "/large" ? 4 << 20 : 1000; }

  std::vector<HttpRequest> requests;
  std::shared_ptr<Pusher> pusher = std::make_shared<Pusher>();
  ConnectionOptions stream_options{.backlog_bytes = 200'000, .close_timeout = 100ms, .slow_close_timeout = 100ms};
  WebSocketOptions websocket_options{.close_timeout = 100ms};
  int closes = 0;
};

struct Observer final : HttpObserver {
  void on_request(const HttpLogEntry& e) override {
    lines.push_back(std::string(e.method) + " " + std::string(e.path) + " " + std::to_string(e.status));
  }
  void on_exception(std::string_view, std::string_view what) override { exceptions.emplace_back(what); }
  std::vector<std::string> lines, exceptions;
};

std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}
std::string upgrade_request(const std::string& target = "/ws", const std::string& more = "",
                            const std::string& key = "dGhlIHNhbXBsZSBub25jZQ==", const std::string& version = "13") {
  return get(target, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: " + version +
                         "\r\nSec-WebSocket-Key: " + key + "\r\n" + more);
}

class HttpSessionTest : public LoopTest {
 protected:
  void start(HttpServerOptions options = {}) {
    server = std::make_unique<HttpServer>(loop, handler, std::move(options), &observer);
    client = connect();
  }
  Client connect() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    server->adopt(std::make_unique<PlainStream>(fds[0]), {});
    return Client(fds[1]);
  }
  void TearDown() override {
    server.reset();
    run_ready();
    EXPECT_EQ(loop.stats().http_opened.value(), loop.stats().http_closed.value());
    EXPECT_EQ(loop.stats().connections_opened.value(), loop.stats().connections_closed.value());
  }
  bool client_sees(const std::string& text) {
    return run_until([&] { return client.received().find(text) != std::string::npos; }, 2000ms);
  }
  std::size_t answers(const std::string& text = "HTTP/1.1 200") {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = client.received().find(text, at)) != std::string::npos; ++at) ++n;
    return n;
  }
  bool client_ends(std::chrono::milliseconds deadline = 2000ms) {
    return run_until([&] { return client.ended(); }, deadline);
  }

  Handler handler;
  Observer observer;
  std::unique_ptr<HttpServer> server;
  Client client;
};

TEST_F(HttpSessionTest, AnswersWithTheFieldsEveryAnswerHas) {
  start();
  client.send(get("/a?token=secret"));
  ASSERT_TRUE(client_sees("/a?token=secret:"));
  const std::string& got = client.received();
  EXPECT_EQ(got.rfind("HTTP/1.1 200 OK\r\n", 0), 0u);
  for (const char* field : {"\r\nServer: chatd\r\n", "\r\nX-Content-Type-Options: nosniff\r\n", "\r\nDate: ",
                            "\r\nContent-Length: 16\r\n", "\r\nContent-Type: text/plain\r\n", "\r\nX-Request-Id: "})
    EXPECT_NE(got.find(field), std::string::npos) << field;
  EXPECT_EQ(got.find("Connection:"), std::string::npos);
  EXPECT_EQ(got.find("Cache-Control"), std::string::npos);
  EXPECT_EQ(observer.lines, std::vector<std::string>{"GET /a 200"}) << "the log line has no query";
  EXPECT_NE(got.find(handler.requests.at(0).request_id), std::string::npos);
}

TEST_F(HttpSessionTest, PipelinedRequestsAreAnsweredInOrderOneAtATime) {
  start();
  client.send(get("/slow") + get("/b") + get("/c"));
  ASSERT_TRUE(run_until([&] { return handler.requests.size() == 1; }));
  run_ready();
  EXPECT_EQ(handler.requests.size(), 1u) << "the second waits for the first answer";
  ASSERT_TRUE(client_sees("/c:"));
  EXPECT_LT(client.received().find("/slow:"), client.received().find("/b:"));
  EXPECT_LT(client.received().find("/b:"), client.received().find("/c:"));
}

TEST_F(HttpSessionTest, WhileOneIsInHandNoMoreIsRead) {
  start();
  client.send(get("/slow"));
  ASSERT_TRUE(run_until([&] { return handler.requests.size() == 1; }));
  const auto before = loop.stats().bytes_received.value();
  client.send(get("/" + std::string(5000, 'a')));
  run_ready();
  EXPECT_EQ(loop.stats().bytes_received.value(), before);
  EXPECT_TRUE(run_until([&] { return handler.requests.size() == 2; }));
}

TEST_F(HttpSessionTest, AClientThatFinishedSendingStillGetsItsAnswer) {
  start();
  client.send(get("/slow"));
  client.finish_sending();
  ASSERT_TRUE(client_ends());
  EXPECT_NE(client.received().find("/slow:"), std::string::npos);
}

TEST_F(HttpSessionTest, HeadHasTheLengthButNotTheBody) {
  start();
  client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + get("/204") + get("/static"));
  ASSERT_TRUE(client_sees("for ever"));
  EXPECT_NE(client.received().find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_EQ(client.received().find("/a:"), std::string::npos);
  const std::size_t at = client.received().find("HTTP/1.1 204");
  const std::string no_content = client.received().substr(at, client.received().find("\r\n\r\n", at) - at);
  EXPECT_EQ(no_content.find("Content-Length"), std::string::npos);
}

TEST_F(HttpSessionTest, ConnectionCloseAndOldVersionsBehave) {
  start();
  client.send(get("/a", "Connection: close\r\n") + get("/b"));
  ASSERT_TRUE(client_ends());
  EXPECT_NE(client.received().find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(answers(), 1u);
  client = connect();
  client.send("GET /old HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(client_ends());
  EXPECT_NE(client.received().find("/old:"), std::string::npos);
  client = connect();
  client.send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(client_sees("\r\nConnection: keep-alive\r\n"));
  client.send(get("/again"));
  EXPECT_TRUE(client_sees("/again:"));
}

TEST_F(HttpSessionTest, ErrorsAreShapedByTheHandlerAndEndTheConnection) {
  start();
  client.send("BAD\n\n");
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received().rfind("HTTP/1.1 400 Bad Request\r\n", 0), 0u);
  EXPECT_NE(client.received().find("{\"detail\":\""), std::string::npos);
  EXPECT_NE(client.received().find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_FALSE(client.was_reset());
}

TEST_F(HttpSessionTest, RefusalsOfKnownHeadsAreDecorated) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  start();
  for (const std::string& bytes :
       {get("/a", "Expect: x\r\n"), get("/a", "Content-Length: 9999\r\n"), get("/a", chunked) + "zz\r\n",
        get("/a", "Connection: Upgrade\r\nUpgrade: websocket\r\n")}) {
    client = connect();
    client.send(bytes);
    ASSERT_TRUE(client_sees("\r\n\r\n{")) << bytes;
    EXPECT_NE(client.received().find("\r\nX-Asked: /a\r\n"), std::string::npos) << bytes;
  }
  client = connect();
  client.send("GET / HTTP/9.9\r\n");
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received().find("X-Asked"), std::string::npos) << "nothing is known of it";
}

TEST_F(HttpSessionTest, WhatAnswersHeadHasNoBodyWhateverWasWrong) {
  start();
  for (const char* bytes : {"HEAD /#x HTTP/1.1\r\n", "\r\nHEAD / HTTP/1.1\r\nA : b\r\n", "HEAD / HTTP/2.0\r\n"}) {
    client = connect();
    client.send(bytes);
    ASSERT_TRUE(client_ends());
    EXPECT_EQ(client.received().find("\r\n\r\n"), client.received().size() - 4) << bytes;
    EXPECT_NE(client.received().find("\r\nContent-Length: "), std::string::npos) << bytes;
  }
}

TEST_F(HttpSessionTest, SmugglingIsNotServed) {
  start();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n" + get("/smuggled"));
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received().rfind("HTTP/1.1 400", 0), 0u);
  EXPECT_TRUE(handler.requests.empty());
}

TEST_F(HttpSessionTest, AnEarlyErrorIsReadEvenWhileTheBodyIsStillComing) {
  start({.drain_bytes = 100'000, .linger_timeout = 300ms});
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'x'));
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received().rfind("HTTP/1.1 413", 0), 0u);
  EXPECT_FALSE(client.was_reset());
}

TEST_F(HttpSessionTest, TheRestOfARefusedBodyIsDrainedButOnlySoMuch) {
  start({.drain_bytes = 100'000, .linger_timeout = 5000ms});
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n");
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received().rfind("HTTP/1.1 413", 0), 0u);
  client.send(std::string(60'000, 'x'));
  run_ready();
  EXPECT_EQ(server->open_http(), 1u) << "a client still sending must not meet an RST before it has read the answer";
  client.send(std::string(60'000, 'x'));
  EXPECT_TRUE(run_until([&] { return server->open_http() == 0; }, 1000ms));
}

TEST_F(HttpSessionTest, TheRouteSetsTheBodyLimit) {
  start();
  client.send("POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + std::string(60'000, 'x'));
  ASSERT_TRUE(run_until([&] { return handler.requests.size() == 1; }));
  EXPECT_EQ(handler.requests[0].body.size(), 60'000u);
}

TEST_F(HttpSessionTest, LargeBodiesTogetherAreBoundedAndSmallOnesAlwaysTaken) {
  start({.small_body_bytes = 1000, .held_body_bytes = 100'000});
  const auto begin_large = [&](std::size_t sent) {
    client.send("POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + std::string(sent, 'x'));
    run_ready();
  };
  begin_large(60'000);
  EXPECT_EQ(server->held_body_bytes(), 60'000u);
  Client first = std::move(client);
  client = connect();
  begin_large(60'000);
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received().rfind("HTTP/1.1 503", 0), 0u);
  EXPECT_EQ(server->held_body_bytes(), 60'000u) << "what was refused is given back at once";

  client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n" + std::string(900, 'x'));
  ASSERT_TRUE(client_sees("HTTP/1.1 200"));
  first.close();
  ASSERT_TRUE(run_until([&] { return server->held_body_bytes() == 0; }));

  client = connect();
  client.send("POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + std::string(90'000, 'x'));
  ASSERT_TRUE(client_sees("HTTP/1.1 200"));
  EXPECT_EQ(server->held_body_bytes(), 0u);
}

TEST_F(HttpSessionTest, ExpectContinueIsAnsweredOnlyWhenTheBodyIsWanted) {
  start();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(client_sees("HTTP/1.1 100 Continue\r\n\r\n"));
  client.send("hello");
  ASSERT_TRUE(client_sees("/:hello"));
  client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received().rfind("HTTP/1.1 413", 0), 0u);
  client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
  ASSERT_TRUE(client_sees("/:hello"));
  EXPECT_EQ(client.received().find("100 Continue"), std::string::npos) << "the body is there already";
}

TEST_F(HttpSessionTest, AnExceptionIsA500AndTheConnectionGoesOn) {
  start();
  client.send(get("/throw") + get("/after"));
  ASSERT_TRUE(client_sees("/after:"));
  EXPECT_EQ(client.received().rfind("HTTP/1.1 500", 0), 0u);
  EXPECT_EQ(observer.exceptions, std::vector<std::string>{"bug"});
  EXPECT_EQ(client.received().find("bug"), std::string::npos);
}

TEST_F(HttpSessionTest, AFieldCannotSplitTheAnswer) {
  start();
  client.send(get("/split") + get("/token"));
  ASSERT_TRUE(client_sees("/token:"));
  EXPECT_EQ(client.received().find("\r\nX-Evil"), std::string::npos);
  EXPECT_NE(client.received().find("\r\nCache-Control: no-store\r\n"), std::string::npos);
}

TEST_F(HttpSessionTest, ALargeAnswerGoesOutInPieces) {
  start();
  client.send(get("/big"));
  ASSERT_TRUE(run_until([&] { return client.received().size() > (3u << 20); }));
  client.send(get("/after"));
  EXPECT_TRUE(client_sees("/after:"));
}

TEST_F(HttpSessionTest, SlowSendersLoseTheirConnection) {
  start({.header_timeout = 50ms, .body_timeout = 60ms, .idle_timeout = 70ms});
  client.send("GET / HT");
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received().rfind("HTTP/1.1 408", 0), 0u);
  client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received().rfind("HTTP/1.1 408", 0), 0u);
  client = connect();
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(client.received(), "") << "nothing was asked, nothing is said";
  client = connect();
  client.send(get("/a"));
  ASSERT_TRUE(client_ends());
  EXPECT_EQ(answers(), 1u);
}

TEST_F(HttpSessionTest, DrippingBytesDoesNotExtendTheHeaderTime) {
  start({.header_timeout = 60ms});
  const auto begin = std::chrono::steady_clock::now();
  const std::string head = get("/", "A: " + std::string(1000, 'x') + "\r\n");
  std::size_t at = 0;
  ASSERT_TRUE(run_until([&] {
    client.send(head.substr(at++ % head.size(), 1));
    ::poll(nullptr, 0, 2);
    return client.ended();
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 500ms);
}

TEST_F(HttpSessionTest, AReaderThatTakesNothingOfItsAnswerIsCut) {
  start({.write_timeout = 60ms});
  client.send(get("/big"));
  ASSERT_TRUE(run_until([&] { return server->open_http() == 0; }));
}

TEST_F(HttpSessionTest, AnImpossibleFirstLineIsRefusedAtOnce) {
  start();
  client.send("GET / HTTP/1.1\n");
  ASSERT_TRUE(client_ends(500ms));
  client = connect();
  client.send("\x16\x03\x01");
  EXPECT_TRUE(client_ends(500ms));
}

TEST_F(HttpSessionTest, UpgradesAndHandsOverWhatCameGlued) {
  start();
  client.send(upgrade_request("/ws", "Sec-WebSocket-Protocol: \r\n") + masked_text("glued"));
  ASSERT_TRUE(client_sees(text_frame("glued")));
  const std::string& got = client.received();
  EXPECT_EQ(got.rfind("HTTP/1.1 101 Switching Protocols\r\n", 0), 0u);
  EXPECT_NE(got.find("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos);
  EXPECT_EQ(got.find("Sec-WebSocket-Protocol"), std::string::npos) << "an empty offer is none";
  EXPECT_EQ(got.substr(got.find("\r\n\r\n") + 4), text_frame("welcome") + text_frame("glued"));
  EXPECT_EQ(server->open_http(), 0u);
  EXPECT_EQ(server->open_connections(), 1u);
  EXPECT_EQ(observer.lines, std::vector<std::string>{"GET /ws 101"});
  client.close();
  EXPECT_TRUE(run_until([&] { return server->open_connections() == 0 && handler.closes == 1; }));
}

TEST_F(HttpSessionTest, SelectsTheSubprotocolTheHandlerChose) {
  start();
  client.send(upgrade_request("/ws", "Sec-WebSocket-Protocol: bearer, abc\r\n"));
  ASSERT_TRUE(client_sees("\r\nSec-WebSocket-Protocol: bearer\r\n"));
}

TEST_F(HttpSessionTest, RefusesHandshakesThatAreNone) {
  struct Bad {
    std::string request;
    const char* status;
  };
  const std::vector<Bad> bad = {
      {upgrade_request("/ws", "", "short"), "400"},
      {upgrade_request("/ws", "", "dGhlIHNhbXBsZSBub25jZQ="), "400"},
      {upgrade_request("/ws", "", "dGhlIHNhbXBsZSBub25jZSE="), "400"},  // 17 bytes
      {upgrade_request("/ws", "", "dGhlIHNhbXBsZSB*b25jZQ=="), "400"},
      {upgrade_request("/ws", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), "400"},
      {upgrade_request("/ws", "", "dGhlIHNhbXBsZSBub25jZQ==", "8"), "426"},
      {get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), "426"},
      {"POST" + upgrade_request().substr(3), "405"},
      {upgrade_request("/ws", "Content-Length: 1\r\n") + "x", "400"},
  };
  start();
  for (const Bad& b : bad) {
    client = connect();
    client.send(b.request);
    ASSERT_TRUE(client_sees("\r\n\r\n{")) << b.request;
    EXPECT_EQ(client.received().substr(9, 3), b.status) << b.request;
    if (std::string(b.status) == "426") {
      EXPECT_NE(client.received().find("\r\nSec-WebSocket-Version: 13\r\n"), std::string::npos);
      EXPECT_NE(client.received().find("\r\nConnection: Upgrade\r\n"), std::string::npos);
    }
  }
  EXPECT_TRUE(handler.requests.empty());
}

TEST_F(HttpSessionTest, ARefusedUpgradeIsAnOrdinaryAnswer) {
  start();
  client.send(upgrade_request("/no") + get("/after"));
  ASSERT_TRUE(client_sees("/after:"));
  EXPECT_EQ(client.received().rfind("HTTP/1.1 403", 0), 0u);
}

TEST_F(HttpSessionTest, ShutdownClosesTheIdleFinishesTheBusyAndTellsTheSockets) {
  start();
  Client socket = connect();
  socket.send(upgrade_request());
  Client idle = connect();
  idle.send(get("/a"));
  client.send(get("/slow"));
  ASSERT_TRUE(
      run_until([&] { return handler.requests.size() == 3 && idle.received().find("/a:") != std::string::npos; }));
  server->begin_shutdown();
  EXPECT_TRUE(run_until([&] { return idle.ended(); }));
  EXPECT_TRUE(run_until([&] { return socket.ended(); }));
  EXPECT_NE(socket.received().find(close_frame(1012, "server is stopping")), std::string::npos);
  ASSERT_TRUE(client_ends());
  EXPECT_NE(client.received().find("/slow:"), std::string::npos);
  EXPECT_NE(client.received().find("\r\nConnection: close\r\n"), std::string::npos);
}

TEST_F(HttpSessionTest, AStreamIsAnAnswerThatGoesOnUntilItIsClosed) {
  start();
  client.send(get("/stream"));
  ASSERT_TRUE(client_sees("5\r\nhello\r\n"));
  EXPECT_NE(client.received().find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(client.received().find("Content-Length"), std::string::npos);
  client.send(get("/never-read"));
  handler.pusher->connection->send_frame("3\r\nyou\r\n");
  ASSERT_TRUE(client_sees("3\r\nyou\r\n"));
  handler.pusher->connection->close(3001, "bye");
  ASSERT_TRUE(client_ends());
  EXPECT_TRUE(client.received().ends_with("3\r\nyou\r\n0\r\n\r\n"));
  EXPECT_EQ(handler.requests.size(), 1u) << "what comes behind the request is no request";
  ASSERT_TRUE(run_until([&] { return handler.pusher->closed.size() == 1; }));
  EXPECT_EQ(handler.pusher->closed[0].code, 3001);
  EXPECT_FALSE(handler.pusher->closed[0].by_peer);
  EXPECT_EQ(observer.lines, std::vector<std::string>{"GET /stream 200"});
}

TEST_F(HttpSessionTest, AStreamEndsWithItsClient) {
  start();
  client.send(get("/stream"));
  ASSERT_TRUE(client_sees("hello"));
  EXPECT_EQ(server->open_connections(), 1u);
  client.close();
  ASSERT_TRUE(run_until([&] { return handler.pusher->closed.size() == 1; }));
  EXPECT_TRUE(handler.pusher->closed[0].by_peer);
  EXPECT_TRUE(run_until([&] { return server->open_connections() == 0; }));
}

TEST_F(HttpSessionTest, AStreamThatIsNotReadIsCutInsideAChunk) {
  start();
  client.send(get("/stream"));
  ASSERT_TRUE(client_sees("hello"));
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 40 && handler.pusher->connection->is_open(); ++i) {
    handler.pusher->connection->send_frame(chunk);
    handler.pusher->connection->flush_now();
  }
  EXPECT_FALSE(handler.pusher->connection->is_open());
  ASSERT_TRUE(client_ends());
  EXPECT_FALSE(client.received().ends_with("0\r\n\r\n"));
  EXPECT_EQ(handler.pusher->closed.at(0).code, 1013);
}

TEST_F(HttpSessionTest, WhoCannotHaveAStreamIsRefused) {
  start();
  client.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n" + get("/after"));
  ASSERT_TRUE(client_sees("/after:"));
  EXPECT_EQ(client.received().rfind("HTTP/1.1 400", 0), 0u);
  Client old = connect();
  old.send("GET /stream HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return old.ended(); }));
  EXPECT_EQ(old.received().rfind("HTTP/1.1 400", 0), 0u);
  EXPECT_EQ(handler.pusher->connection, nullptr);
}

TEST_F(HttpSessionTest, ShutdownEndsStreams) {
  start();
  client.send(get("/stream"));
  ASSERT_TRUE(client_sees("hello"));
  server->begin_shutdown();
  ASSERT_TRUE(client_ends());
  EXPECT_TRUE(client.received().ends_with("0\r\n\r\n"));
}

TEST_F(HttpSessionTest, ThousandsOfConnectionsLeaveNoDescriptorBehind) {
  start();
  const auto next_descriptor = [] {
    const int fd = ::dup(0);
    ::close(fd);
    return fd;
  };
  const int before = next_descriptor();
  for (int i = 0; i < 2000; ++i) {
    Client c = connect();
    c.send(i % 2 ? upgrade_request() : get("/a"));
    ASSERT_TRUE(run_until([&] { return !c.received().empty(); }));
    if (i % 3 == 0) c.send(masked_close(1000));
    c.close();
    run_ready();
  }
  ASSERT_TRUE(run_until([&] { return server->open_http() == 1 && server->open_connections() == 0; }));
  EXPECT_EQ(next_descriptor(), before);
  EXPECT_EQ(handler.closes, 1000);
}

TEST_F(HttpSessionTest, AServerThatDiesWithRequestsInHandLeavesNothingBehind) {
  start();
  client.send(get("/slow"));
  ASSERT_TRUE(run_until([&] { return handler.requests.size() == 1; }));
  server.reset();
  const auto end = std::chrono::steady_clock::now() + 100ms;
  run_until([&] { return std::chrono::steady_clock::now() > end; });
}

}  // namespace
}  // namespace chat::transport
