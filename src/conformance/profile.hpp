// The conformance profile: a permissive server in memory on which the official SDKs' own suites run against our
// protocol layer. It knows nothing of accounts, rooms and storage, and is never part of `chatd serve`.
//
// Home: one event loop; everything happens there.
#pragma once

#include "api/http/cors.hpp"
#include "api/operations/operations.hpp"
#include "api/realtime/emulation.hpp"
#include "api/realtime/options.hpp"
#include "base/time.hpp"
#include "conformance/channels.hpp"
#include "conformance/memory_session.hpp"
#include "conformance/token.hpp"
#include "transport/http_handler.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>

namespace chat::conformance {

struct ProfileOptions {
  api::RealtimeOptions realtime;
  bool always_join_leave = false;
};

class Profile final : public transport::HttpHandler {
 public:
  // `epoch` of all channels: another one for each start.
  Profile(const Clock& clock, std::string epoch, const ProfileOptions& options);

  static constexpr std::string_view kApiKey = "test-api-key";

  // GET /connection/websocket
  boost::asio::awaitable<transport::UpgradeAnswer> upgrade(transport::HttpRequest request) override;
  // The emulated connections (api/realtime/emulation.hpp). POST /api/publish {channel, data} and /api/history {channel,
  // limit, reverse}, with X-API-Key; both answer {"result": {..., "offset", "epoch"}}. GET /healthz: it is there.
  boost::asio::awaitable<transport::HttpResponse> serve(transport::HttpRequest request) override;
  transport::HttpResponse error_response(int status, std::string_view reason) override;
  std::size_t body_limit(const transport::HttpRequest& head) override;

 private:
  boost::asio::awaitable<transport::HttpResponse> answer(api::Exchange& exchange) const;

  const ProfileOptions options_;
  const transport::WebSocketOptions quiet_;
  const transport::WebSocketOptions pinging_;
  Channels channels_;
  const Tokens tokens_;
  const Common common_;
  api::EmulatedSessions emulated_;
  api::Operations routes_;
  const api::Cors cors_{std::vector<std::string>()};  // any page: there is nothing to protect
};

}  // namespace chat::conformance
