#include "conformance/profile.hpp"

#include "app/command_line.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/words.hpp"
#include "app/process.hpp"
#include "base/ids.hpp"
#include "base/ip_address.hpp"
#include "telemetry/log.hpp"
#include "transport/event_loop.hpp"
#include "transport/http_server.hpp"
#include "transport/listener.hpp"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace chat::app {
namespace {

constexpr auto kDrainTime = std::chrono::seconds(2);
constexpr auto kPoll = std::chrono::milliseconds(10);

bool is_loopback(std::string_view host) {
  const auto address = IpAddress::parse(host);
  return address && (IpNetwork::parse("127.0.0.0/8")->contains(*address) || *address == *IpAddress::parse("::1"));
}

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > 3600) return std::nullopt;
  return std::chrono::seconds(value);
}

// One loop on a thread of its own: the profile's channels have no locks.
class ConformanceServer {
 public:
  explicit ConformanceServer(const conformance::ProfileOptions& options)
      : profile_(system_clock(), Uuid::v4().hex().substr(0, 8), options), http_(loop_, profile_) {}
  ~ConformanceServer() { stop(); }

  Result<void> listen(const ListenAddress& address) {
    transport::ListenerOptions options;
    options.host = address.host;
    options.port = address.port;
    auto listeners = transport::open_listeners({&loop_}, options);
    if (!listeners) return listeners.error();
    listener_ = std::move(listeners->front());
    return {};
  }

  std::string url() const { return "http://" + listener_->local().text(); }

  void start() {
    loop_.post(
        [this] { listener_->start([this](auto stream, const auto& peer) { http_.adopt(std::move(stream), peer); }); });
    thread_ = std::thread([this] { loop_.run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    at_home([this] {
      listener_->stop_accepting();
      http_.begin_shutdown();
      return true;
    });
    const auto deadline = std::chrono::steady_clock::now() + kDrainTime;
    const auto empty = [this] { return http_.open_http() + http_.open_connections() == 0; };
    while (!at_home(empty) && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(kPoll);
    at_home([this] {
      http_.abort_all();
      return true;
    });
    loop_.stop();
    thread_.join();
    loop_.drain();
  }

 private:
  // The answer of `f`, asked on the loop, which must be running.
  bool at_home(const std::function<bool()>& f) {
    std::promise<bool> answer;
    loop_.post([&] { answer.set_value(f()); });
    return answer.get_future().get();
  }

  conformance::Profile profile_;
  transport::EventLoop loop_;
  transport::HttpServer http_;
  std::unique_ptr<transport::Listener> listener_;
  std::thread thread_;
};

}  // namespace

int conformance(Words words, const FlagValues& flags) {
  WordReader reader(words);
  conformance::ProfileOptions options;
  options.always_join_leave = reader.flag("--always-join-leave");
  const auto grace = reader.value("--expiry-grace");
  if (!grace) return fail(grace.error().message, kUsage);
  if (auto end = reader.end({"--always-join-leave", "--expiry-grace"}); !end) return fail(end.error().message, kUsage);
  if (*grace) {
    const auto seconds = parse_seconds(**grace);
    if (!seconds) return fail("--expiry-grace is a number of seconds, 0 to 3600.", kUsage);
    options.realtime.expiry_grace = *seconds;
  }
  for (const auto& [name, value] : flags.values) {
    if (name != "LISTEN") return fail("conformance takes no setting but --listen, not " + flag_of(name) + ".", kUsage);
  }
  const auto no_environment = [](const std::string&) { return std::optional<std::string>(); };
  const auto loaded = load_settings(LoadSources{.flags = flags.values, .environment = no_environment, .env_file = {}});
  for (const auto& problem : loaded.problems) fail(problem);
  if (!loaded.problems.empty()) return kUsage;
  const ListenAddress& address = loaded.settings.listen;
  if (!is_loopback(address.host)) {
    return fail("conformance has no access control and serves this machine only: write --listen 127.0.0.1:8000.",
                kUsage);
  }

  const StopSignals signals;
  ConformanceServer server(options);
  if (auto listening = server.listen(address); !listening) {
    return fail("--listen cannot be served: " + listening.error().message, kUsage);
  }
  const Logging logging(LogOptions{});
  server.start();
  log_info("listening", {{"url", server.url()}, {"profile", "conformance"}, {"pid", getpid()}});
  log_info("stopping", {{"signal", signals.wait()}});
  server.stop();
  log_info("stopped");
  return kOk;
}

}  // namespace chat::app
