#include "app/command_line.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/words.hpp"
#include "app/configuration.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace chat::app {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// Status of GET /readyz, within 5 s.
int ask(const std::string& host, std::uint16_t port) {
  asio::io_context context;
  boost::beast::tcp_stream stream(context);
  http::response<http::string_body> answer;
  boost::beast::flat_buffer buffer;
  http::request<http::empty_body> request{http::verb::get, "/readyz", 11};
  request.set(http::field::host, "localhost");
  request.set(http::field::connection, "close");
  boost::system::error_code failure = asio::error::timed_out;
  stream.expires_after(std::chrono::seconds(5));
  stream.async_connect({asio::ip::make_address(host), port}, [&](boost::system::error_code ec) {
    if ((failure = ec)) return;
    http::async_write(stream, request, [&](boost::system::error_code written, std::size_t) {
      if ((failure = written)) return;
      http::async_read(stream, buffer, answer, [&](boost::system::error_code read, std::size_t) { failure = read; });
    });
  });
  context.run();
  if (failure) return fail("no answer from " + host + ":" + std::to_string(port) + ": " + failure.message());
  if (answer.result_int() == 200) return kOk;
  return fail("not ready: " + answer.body());
}

}  // namespace

int healthcheck(Words words, const FlagValues& flags) {
  if (auto end = WordReader(words).end(); !end) return fail(end.error().message, kUsage);
  const auto loaded = configure(flags, /*data_dir=*/false);
  if (!loaded) return kConfiguration;
  const ListenAddress& listen = loaded->settings.listen;
  const bool any = listen.host == "0.0.0.0" || listen.host == "::";
  return ask(any ? "127.0.0.1" : listen.host, listen.port);
}

}  // namespace chat::app
