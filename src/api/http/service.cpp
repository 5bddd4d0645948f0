// Routes for those who operate the server: is it alive, is it ready, what does it measure?
#include "api/operations/resources.hpp"
#include "api/operations/wire.hpp"
#include "telemetry/metrics.hpp"

#include <utility>

namespace chat::api {
namespace {

awaitable<Result<HealthOut>> alive() { co_return HealthOut{}; }

awaitable<HttpResponse> readiness(const std::vector<ReadinessCheck>& checks) {
  ReadinessOut out{"ready", {}};
  for (const auto& check : checks) {
    const auto good = co_await check.check();
    if (!good) out.reasons.push_back(check.name + ": " + good.error().message);
  }
  if (out.reasons.empty()) co_return json_of(200, out);
  out.status = "not ready";
  co_return json_of(503, out).header("Retry-After", "5");
}

awaitable<Result<void>> ask_store(UserStore& users, BlockingPool& read_pool) {
  // A look-up of nobody: the shortest question that needs the whole way to the database and back.
  const auto answer = co_await run_on(read_pool, [&users] { return users.find_user(UserId{}); });
  if (answer || answer.error().code == Errc::user_not_found) co_return Result<void>();
  co_return Error{answer.error().code,
                  answer.error().code == Errc::overloaded ? "too many reads are waiting" : "it does not answer"};
}

awaitable<Result<void>> ask_journal(const Journal& journal) {
  auto health = journal.health();
  if (health.writable) co_return Result<void>();
  co_return Error{Errc::unavailable, health.reason.empty() ? "it cannot write" : std::move(health.reason)};
}

}  // namespace

ReadinessCheck store_readiness(UserStore& users, BlockingPool& read_pool) {
  return {"database", [&users, &read_pool] { return ask_store(users, read_pool); }};
}

ReadinessCheck journal_readiness(const Journal& journal) {
  return {"journal", [&journal] { return ask_journal(journal); }};
}

void add_service_routes(Operations& operations, const Services& services) {
  using AliveCall = Call<None, None, None>;
  operations.add<None, None, None, HealthOut>({.path = "/healthz",
                                               .operation_id = "healthz",
                                               .tag = "service",
                                               .summary = "Is the process alive?",
                                               .description = "Says nothing about the database: see /readyz.",
                                               .answer = "It is"},
                                              [](AliveCall&) { return alive(); });
  auto ready = make_plain_route({.path = "/readyz",
                                 .operation_id = "readyz",
                                 .tag = "service",
                                 .summary = "Can it serve?",
                                 .description = "503 with the reasons while it cannot.",
                                 .answer = "It can"},
                                {}, [checks = services.readiness](Exchange&) { return readiness(checks); });
  ready->types = [](schema::SchemaSet& set) {
    OperationTypes out;
    const auto schema = schema::schema_of<ReadinessOut>(set);
    out.answers.emplace_back(kJson, schema);
    out.others.push_back({503, "It cannot, and why", schema});
    return out;
  };
  operations.add(std::move(ready));
  auto render = services.metrics ? services.metrics : std::function<std::string()>(render_prometheus);
  operations.add(make_plain_route({.path = "/metrics",
                                   .operation_id = "metrics",
                                   .tag = "service",
                                   .summary = "Metrics for Prometheus",
                                   .answer = "Text format 0.0.4"},
                                  {{"text/plain", R"({"type":"string"})"}},
                                  [render = std::move(render)](const Exchange&) {
                                    HttpResponse response;
                                    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                                    response.body = render();
                                    return response;
                                  }));
}

}  // namespace chat::api
