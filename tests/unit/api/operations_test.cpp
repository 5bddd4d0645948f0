// One declaration for REST and rpc: the table, the input as one object, errors, and that both doors lead to the same
// handler.
#include "api/error_map.hpp"
#include "api/openapi.hpp"
#include "unit/api/api_world.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <stdexcept>

namespace chat::testing {
namespace {

using api::Auth;
using api::awaitable;
using api::Call;
using api::CallContext;
using api::None;
using api::Operations;
using api::OperationSpec;
using transport::Method;

struct ThingPath {
  std::string thing;
};
BOOST_DESCRIBE_STRUCT(ThingPath, (), (thing))
struct ThingQuery {
  schema::Defaulted<schema::Int<1, 9>> count = 3;
};
BOOST_DESCRIBE_STRUCT(ThingQuery, (), (count))
struct ThingBody {
  std::string text;
  std::vector<std::int64_t> numbers;
};
BOOST_DESCRIBE_STRUCT(ThingBody, (), (text, numbers))
struct ThingForm {
  std::string text;

  ThingBody to_json() && { return {std::move(text), {}}; }
};
BOOST_DESCRIBE_STRUCT(ThingForm, (), (text))
struct ThingOut {
  std::string said;
};
BOOST_DESCRIBE_STRUCT(ThingOut, (), (said))

awaitable<Result<ThingOut>> say(Call<ThingPath, ThingQuery, ThingBody>& call) {
  call.subject = call.path.thing;
  if (call.body.text == "throw") throw std::runtime_error("a secret of the developers");
  if (call.body.text == "fail") co_return Error{Errc::room_exists, "a secret of the developers"};
  if (call.body.text == "dead") co_return Error{Errc::unauthenticated, "a secret of the developers"};
  co_return ThingOut{call.session().principal.name + ": " + call.path.thing + " " +
                     std::to_string(call.query.count.value) + " " + call.body.text + " " + call.context.request_id +
                     " " + std::to_string(call.context.origin.connection)};
}

void add_thing(Operations& operations, OperationSpec spec) {
  operations.add<ThingPath, ThingQuery, ThingBody, ThingOut>(std::move(spec), [](auto& call) { return say(call); });
}

Operations things() {
  Operations operations;
  add_thing(operations, {.rpc = "thing.say", .method = Method::post, .path = "/things/{thing}", .auth = Auth::bearer});
  add_thing(operations, {.rpc = "thing.whisper", .auth = Auth::bearer});
  return operations;
}

CallContext context_of(std::string name = "Ada") {
  CallContext context;
  context.session.emplace().principal = {Principal::Kind::user, UserId::make(), std::move(name)};
  context.request_id = "r-1";
  context.origin = {1, 42};
  return context;
}

Result<std::string> call(const Operations& operations, std::string_view method, std::string_view data,
                         CallContext context = context_of()) {
  return run(operations.find(method)->call(std::move(context), data));
}

std::string sentence(const Result<std::string>& answer) { return answer ? "no error" : answer.error().message; }

TEST(Operations, AreFoundByTheirMethod) {
  const auto operations = things();
  ASSERT_NE(operations.find("thing.say"), nullptr);
  EXPECT_EQ(operations.find("thing.say")->spec.path, "/things/{thing}");
  EXPECT_EQ(operations.find("thing.whisper")->handle, nullptr) << "rpc only";
  for (const char* unknown : {"", "thing", "thing.say ", "THING.SAY", "/things/{thing}"})
    EXPECT_EQ(operations.find(unknown), nullptr) << unknown;
  const std::vector<std::string> path = {"things", "a"};
  EXPECT_EQ(operations.router().find(Method::post, path).operation, operations.find("thing.say"));
}

TEST(Operations, RefuseDeclarationsThatContradictThemselves) {
  auto operations = things();
  EXPECT_THROW(add_thing(operations, {.rpc = "thing.say", .auth = Auth::bearer}), std::logic_error);
  EXPECT_THROW(add_thing(operations, {.method = Method::post, .path = "/things/{thing}"}), std::logic_error);
  EXPECT_THROW(add_thing(operations, {.auth = Auth::bearer}), std::logic_error) << "no way to call it";
  EXPECT_THROW(add_thing(operations, {.rpc = "thing.shout"}), std::logic_error) << "an rpc has a session";
  using Form = api::JsonOrForm<ThingBody, ThingForm>;
  const auto as_form = [](Call<None, None, Form>&) -> awaitable<Result<ThingOut>> { co_return ThingOut{}; };
  EXPECT_THROW((operations.add<None, None, Form, ThingOut>({.rpc = "thing.form", .auth = Auth::bearer}, as_form)),
               std::logic_error);
}

TEST(Operations, TakePathQueryAndBodyAsOneObject) {
  const auto operations = things();
  EXPECT_EQ(*call(operations, "thing.say", R"({"text":"hi","thing":"t","numbers":[],"count":5})"),
            R"({"said":"Ada: t 5 hi r-1 42"})");
  EXPECT_EQ(*call(operations, "thing.whisper", " \n{\"thing\":\"t\",\"text\":\"x\",\"numbers\":[1]}\n"),
            R"({"said":"Ada: t 3 x r-1 42"})");
}

TEST(Operations, ReadTheirInputBeforeTheyWait) {
  const auto operations = things();
  std::string data = R"({"thing":"t","text":"hi","numbers":[]})";
  auto waiting = operations.find("thing.say")->call(context_of(), data);
  data.assign(data.size(), 'x');
  EXPECT_EQ(*run(std::move(waiting)), R"({"said":"Ada: t 3 hi r-1 42"})");
}

TEST(Operations, NameEveryFaultInOneSentence) {
  const auto operations = things();
  const auto said = [&](std::string_view data) {
    const auto answer = call(operations, "thing.say", data);
    EXPECT_EQ(answer.error().code, Errc::invalid);
    return sentence(answer);
  };
  EXPECT_EQ(said(R"({"count":10,"text":5,"numbers":[1,"x"]})"),
            "thing: Field required; count: Input should be less than or equal to 9; "
            "text: Input should be a valid string; numbers.1: Input should be a valid integer, unable to parse string "
            "as an integer");
  for (const char* nothing : {"", "null", " null ", "{}"})
    EXPECT_EQ(said(nothing), "thing: Field required; text: Field required; numbers: Field required") << nothing;
  EXPECT_EQ(said("[1]"), "Input should be a valid dictionary or object to extract fields from");
  EXPECT_EQ(said("{\"thing\""), "JSON decode error");
  EXPECT_EQ(said("nonsense"), "JSON decode error");
  std::string many = R"({"thing":"t","text":"x","numbers":["a")";
  for (int i = 0; i < 40; ++i) many += ",\"a\"";
  EXPECT_TRUE(said(many + "]}").ends_with("; and 33 more"));
}

TEST(Operations, TellAnErrorAsRestDoesAndNothingOfOurs) {
  const auto operations = things();
  const auto failing = [&](const std::string& text) {
    return call(operations, "thing.say", R"({"thing":"t","numbers":[],"text":")" + text + "\"}");
  };
  EXPECT_EQ(failing("fail").error().code, Errc::room_exists);
  EXPECT_EQ(sentence(failing("fail")), "Room with name t already exists.");
  EXPECT_EQ(failing("throw").error().code, Errc::internal);
  EXPECT_EQ(sentence(failing("throw")), "Oops! An unexpected error occurred.");
  EXPECT_EQ(api::realtime_error(failing("dead").error()).code, 101u);
  EXPECT_EQ(sentence(failing("dead")), "Could not validate credentials");
}

TEST(Operations, KnowTheSchemasOfTheirInputAndOutput) {
  const auto operations = things();
  schema::SchemaSet set;
  const auto types = operations.find("thing.whisper")->rpc_types(set);
  EXPECT_EQ(types.input, R"({"allOf":[{"$ref":"#/components/schemas/ThingPath"},)"
                         R"({"$ref":"#/components/schemas/ThingQuery"},{"$ref":"#/components/schemas/ThingBody"}]})");
  EXPECT_EQ(types.output, R"({"$ref":"#/components/schemas/ThingOut"})");
}

// --- the operations that there are

class TheOperations : public ::testing::Test {
 protected:
  TheOperations() {
    std::tie(user_, token_) = world_.logged_in();
    world_.journal.on_append = [](const AppendMessage& message) -> Result<Stored> {
      return Stored{message.id.value, Seq(17), Ordinal(3), *parse_timestamp("2026-11-23T01:02:03.000004Z"), false};
    };
  }
  CallContext context() {
    CallContext context;
    context.session = *run(world_.sessions.authenticate(token_));
    context.origin = {1, 42};
    return context;
  }
  Result<std::string> rpc(std::string_view method, std::string_view data = {}) {
    return call(world_.operations, method, data, context());
  }
  HttpResponse send(const Room& room, std::string body) {
    return world_.post("/api/v1/rooms/" + room.id.str() + "/messages", std::move(body), token_);
  }

  ApiWorld world_;
  User user_;
  std::string token_;
};

TEST_F(TheOperations, WhatAConnectedClientWantsHasAnRpc) {
  std::set<std::string> methods;
  const std::regex name("[a-z]+\\.[a-z_]+");
  for (const auto& one : world_.operations.all()) {
    const std::string method(one->spec.rpc);
    // What needs a token is for whoever is connected; what does not, is for those who are not yet.
    EXPECT_EQ(method.empty(), one->spec.auth == Auth::none) << one->spec.path;
    if (method.empty()) continue;
    EXPECT_TRUE(std::regex_match(method, name)) << method;
    EXPECT_EQ(world_.operations.find(method), one.get());
    methods.insert(method);
    if (one->spec.path.empty()) continue;
    const auto document = api::openapi_document(world_.operations);
    const auto in_document = "\"operationId\":\"" + std::string(one->spec.operation_id) + "\",\"x-rpc\":\"" + method;
    EXPECT_NE(document.find(in_document), std::string::npos) << method;
  }
  EXPECT_EQ(methods, (std::set<std::string>{"auth.refresh_token", "message.send", "room.create", "room.events",
                                            "room.history", "room.list", "room.typing", "user.me"}));
}

TEST_F(TheOperations, AnswerOverRpcWhatTheyAnswerOverRest) {
  const auto made = rpc("room.create", R"({"name":"Lobby","description":null})");
  ASSERT_TRUE(made);
  const auto room = world_.rooms_store.list_public_rooms()->front();
  EXPECT_EQ(*made, R"({"id":")" + room.id.str() + R"(","name":"Lobby","creator_id":")" + user_.id.str() +
                       R"(","description":null})");
  for (const char* nothing : {"", "null", "{}"})
    EXPECT_EQ(*rpc("room.list", nothing), world_.get("/api/v1/rooms", token_).content());
  world_.a_message(room, user_, "first");
  world_.a_message(room, user_, "second");
  EXPECT_EQ(*rpc("room.history", R"({"room_id":")" + room.id.str() + R"(","page":2,"size":1})"),
            world_.get("/api/v1/rooms/" + room.id.str() + "/history?page=2&size=1", token_).content());
  EXPECT_EQ(*rpc("user.me"), world_.get("/api/v1/users/me", token_).content());
  EXPECT_EQ(*rpc("user.me"), R"({"id":")" + user_.id.str() + R"(","name":"Ada","username":"ada@example.com"})");
  EXPECT_EQ(sentence(rpc("room.create", R"({"name":"Lobby"})")), "Room with name Lobby already exists.");
  EXPECT_EQ(sentence(rpc("room.history", R"({"room_id":"x","size":0})")).substr(0, 9), "room_id: ");
}

TEST_F(TheOperations, SendTheSameMessageThroughEitherDoor) {
  const auto room = world_.a_room(user_);
  const std::string rest =
      R"("content":" hi ","client_id":"c","metadata":{"a": [1, 2]},"reply_to":")" + room.id.str() + "\"}";
  const auto answer = send(room, "{" + rest);
  EXPECT_EQ(answer.status, 201);
  const auto reply = rpc("message.send", R"({"room_id":")" + room.id.str() + "\"," + rest);
  ASSERT_TRUE(reply);
  ASSERT_EQ(world_.journal.messages.size(), 2u);
  const auto as_answer = [](const AppendMessage& message) {
    return R"({"id":")" + message.id.str() + R"(","seq":17,"timestamp":"2026-11-23T01:02:03.000004Z"})";
  };
  EXPECT_EQ(answer.content(), as_answer(world_.journal.messages[0]));
  EXPECT_EQ(*reply, as_answer(world_.journal.messages[1]));
  for (const auto& message : world_.journal.messages) {
    EXPECT_EQ(message.room_id, room.id);
    EXPECT_EQ(message.author.id, user_.id);
    EXPECT_EQ(message.content, " hi ");
    EXPECT_EQ(message.client_id, "c");
    EXPECT_EQ(message.metadata, R"({"a":[1,2]})");
    EXPECT_EQ(message.reply_to->value, room.id.value);
  }
  EXPECT_EQ(world_.journal.messages[0].origin, Origin{}) << "REST listens to no room";
  EXPECT_EQ(world_.journal.messages[1].origin, (Origin{1, 42}));
}

TEST_F(TheOperations, AMessageWithoutMoreThanItsContentIsEnough) {
  const auto room = world_.a_room(user_);
  EXPECT_EQ(send(room, R"({"content":"x","client_id":null,"metadata":null,"reply_to":null})").status, 201);
  EXPECT_EQ(send(room, R"({"content":"x"})").status, 201);
  for (const auto& message : world_.journal.messages) {
    EXPECT_FALSE(message.client_id);
    EXPECT_FALSE(message.metadata);
    EXPECT_FALSE(message.reply_to);
  }
}

TEST_F(TheOperations, RefuseWhatIsNoMessage) {
  const auto room = world_.a_room(user_);
  const auto faulty = [&](std::string body) {
    const auto answer = send(room, std::move(body));
    EXPECT_EQ(answer.status, 422) << answer.content();
    return std::string(answer.content());
  };
  EXPECT_NE(faulty(R"({"content":""})").find(R"("type":"string_too_short","loc":["body","content"])"),
            std::string::npos);
  EXPECT_NE(faulty("{}").find(R"({"type":"missing","loc":["body","content"])"), std::string::npos);
  EXPECT_NE(faulty(R"({"content":"x","client_id":""})").find(R"(["body","client_id"])"), std::string::npos);
  EXPECT_NE(faulty(R"({"content":"x","client_id":")" + std::string(65, 'x') + "\"}").find("at most 64 bytes"),
            std::string::npos);
  EXPECT_NE(faulty(R"({"content":"x","metadata":[")" + std::string(8189, 'x') + "\"]}").find("at most 8192 bytes"),
            std::string::npos);
  EXPECT_NE(faulty(R"({"content":"x","reply_to":"7"})").find(R"("type":"uuid_parsing")"), std::string::npos);
  EXPECT_EQ(world_.post("/api/v1/rooms/7/messages", R"({"content":"x"})", token_).status, 422);
  EXPECT_EQ(send(room, R"({"content":")" + std::string(64 * 1024 + 1, 'x') + "\"}").status, 413);
  EXPECT_EQ(api::realtime_error(rpc("message.send", R"({"room_id":")" + room.id.str() + R"(","content":")" +
                                                        std::string(64 * 1024 + 1, 'x') + "\"}")
                                    .error())
                .code,
            107u);
  EXPECT_TRUE(world_.journal.messages.empty());
}

TEST_F(TheOperations, GiveTheJournalsRefusalsTheirStatus) {
  const auto room = world_.a_room(user_);
  const auto refused = [&](Errc code) {
    world_.journal.on_append = [code](const AppendMessage&) -> Result<Stored> { return Error{code, "ours"}; };
    return send(room, R"({"content":"x"})");
  };
  EXPECT_EQ(refused(Errc::forbidden).status, 403);
  EXPECT_EQ(refused(Errc::room_not_found).content(),
            R"({"detail":{"error":"RoomNotFound","message":"Room with id )" + room.id.str() + R"( was not found."}})");
  EXPECT_EQ(refused(Errc::overloaded).status, 503);
  EXPECT_EQ(header_of(refused(Errc::unavailable), "Retry-After"), "5");
  EXPECT_NE(refused(Errc::outcome_unknown).content().find("OutcomeUnknown"), std::string::npos);
  world_.journal.full = true;
  EXPECT_EQ(refused(Errc::internal).status, 503);
  EXPECT_EQ(rpc("message.send", R"({"room_id":")" + room.id.str() + R"(","content":"x"})").error().code,
            Errc::overloaded);
}

TEST_F(TheOperations, ARateThatIsOverAnswers429WithItsHeaders) {
  ApiWorld world({}, {}, {.messages = {2, 2}});
  world.journal.on_append = [](const AppendMessage&) -> Result<Stored> { return Stored{}; };
  const auto [user, token] = world.logged_in();
  const auto room = world.a_room(user);
  const auto send_one = [&, &token = token] {
    return world.post("/api/v1/rooms/" + room.id.str() + "/messages", R"({"content":"x"})", token);
  };
  EXPECT_EQ(send_one().status, 201);
  EXPECT_EQ(send_one().status, 201);
  const auto over = send_one();
  EXPECT_EQ(over.status, 429);
  EXPECT_EQ(header_of(over, "Retry-After"), "1");
  EXPECT_EQ(header_of(over, "RateLimit-Limit"), "2");
}

TEST_F(TheOperations, ATokenThatHasExpiredGetsNoNewOne) {
  const auto fresh = rpc("auth.refresh_token");
  ASSERT_TRUE(fresh);
  EXPECT_NE(fresh->find("\"token_type\":\"bearer\""), std::string::npos);
  auto later = context();
  world_.clock.advance(std::chrono::hours(2));
  const auto refused = call(world_.operations, "auth.refresh_token", {}, std::move(later));
  EXPECT_EQ(api::realtime_error(refused.error()).code, 101u);
  EXPECT_EQ(refused.error().message, "Could not validate credentials");
}

TEST_F(TheOperations, HistoryShowsWhatAMessageCarries) {
  const auto room = world_.a_room(user_);
  Message message;
  message.id = MessageId::make();
  message.room_id = room.id;
  message.author_id = user_.id;
  message.content = "x";
  message.metadata = R"({"mood":"sunny"})";
  message.reply_to = message.id;
  world_.rooms_store.post(message);
  message.deleted_at = world_.clock.now();
  world_.rooms_store.post(message);
  const auto page = world_.get("/api/v1/rooms/" + room.id.str() + "/history", token_);
  const std::string text(page.content());
  const std::string reply = R"("reply_to":")" + message.id.str() + "\"";
  EXPECT_NE(text.find(R"("seq":1,)" + reply + R"(,"metadata":{"mood":"sunny"}})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("seq":2,)" + reply + R"(,"deleted":true})"), std::string::npos) << text;
}

}  // namespace
}  // namespace chat::testing
