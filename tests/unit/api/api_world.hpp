// The HTTP API on fake stores, asked as transport asks it.
#pragma once

#include "api/http/http_api.hpp"
#include "api/operations/resources.hpp"
#include "chat/messages.hpp"
#include "support/fake_journal.hpp"
#include "unit/chat/world.hpp"

#include <string>
#include <utility>
#include <vector>

namespace chat::testing {

using api::HttpResponse;
using transport::HttpRequest;

struct Ask {
  std::string method = "GET";
  std::string target = "/";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string token = {};  // sent as a bearer
  std::string peer = "192.0.2.1";
};

inline HttpRequest request_of(const Ask& ask) {
  HttpRequest request;
  request.method = transport::parse_method(ask.method);
  request.method_text = ask.method;
  request.target = ask.target;
  const auto mark = std::min(ask.target.find('?'), ask.target.size());
  request.path = transport::decode_path(ask.target.substr(0, mark)).value();
  if (mark < ask.target.size()) request.query = transport::decode_query(ask.target.substr(mark + 1)).value();
  for (const auto& [name, value] : ask.headers) request.headers.add(name, value);
  if (!ask.token.empty()) request.headers.add("Authorization", "Bearer " + ask.token);
  request.body = ask.body;
  request.peer = {IpAddress::parse(ask.peer).value(), 40000};
  request.request_id = "test";
  return request;
}

inline std::string header_of(const HttpResponse& response, std::string_view name) {
  std::string all;
  for (const auto& [key, value] : response.headers) {
    if (key != name) continue;
    if (!all.empty()) all += ", ";
    all += value;
  }
  return all;
}

struct ApiWorld : World {
  explicit ApiWorld(Options options = {}, api::HttpApiOptions http = {}, MessagesOptions sending = {})
      : World(options),
        messages(journal, clock, sending),
        operations(api::make_operations({.accounts = &accounts,
                                         .sessions = &sessions,
                                         .rooms = &rooms,
                                         .messages = &messages,
                                         .clock = &clock,
                                         .readiness = {api::store_readiness(users, read_pool)},
                                         .metrics = [] { return std::string("chatd_up 1\n"); }})),
        api(operations, sessions, std::move(http)) {}

  HttpResponse ask(const Ask& a) { return run(api.serve(request_of(a))); }
  HttpResponse get(std::string target, std::string token = {}) { return ask({.target = target, .token = token}); }
  HttpResponse post(std::string target, std::string body, std::string token = {}) {
    return ask({"POST", std::move(target), std::move(body), {{"Content-Type", "application/json"}}, std::move(token)});
  }
  // A user and a good token.
  std::pair<User, std::string> logged_in(std::string username = "ada@example.com") {
    auto user = a_user(std::move(username));
    return {user, *sessions.mint(user)};
  }
  Room a_room(const User& creator, std::string name = "Lobby") {
    return *run(rooms.create({Principal::Kind::user, creator.id, creator.name}, {std::move(name), {}}));
  }
  void a_message(const Room& room, const User& author, std::string content, bool deleted = false) {
    Message message;
    message.id = MessageId::make();
    message.room_id = room.id;
    message.author_id = author.id;
    message.author_name = author.name;
    message.content = std::move(content);
    message.timestamp = clock.now();
    if (deleted) message.deleted_at = clock.now();
    rooms_store.post(std::move(message));
  }

  FakeJournal journal;
  Messages messages;
  api::Operations operations;
  api::HttpApi api;
};

}  // namespace chat::testing
