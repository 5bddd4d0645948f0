// chatd-feed-writer DATABASE: makes changes through the ports, as the operations of a later version will, in a database
// that nobody serves. DATABASE is an SQLite file or a postgresql:// URL.
//
// Reads one JSON object a line and answers each with one: {"id","seq"}, or {"error"}. For the system tests.
//   {"do":"room","creator","name","kind"}
//   {"do":"append","room","actor","content","count"?}     count: so many, the content with a number behind it
//   {"do":"edit","room","actor","message","content"}      {"do":"delete","room","actor","message"}
//   {"do":"react","room","actor","message","reaction","present"}
//   {"do":"pin","room","actor","message","present"}
//   {"do":"add","room","actor","user","role"}             {"do":"remove","room","actor","user"}
//   {"do":"rename","room","actor","name"}                 {"do":"end_sessions","actor"}
// "actor" and "creator" are {"id","name"}.
#include "storage/open.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <future>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace chat;
namespace json = boost::json;

struct Nobody final : CommitSink {
  void on_commit(const Commit&) override {}
};

std::string text(const json::object& in, std::string_view name) {
  return std::string(std::string_view(in.at(name).as_string()));
}

template <class Id>
Id id(const json::object& in, std::string_view name) {
  const auto parsed = Id::parse(text(in, name));
  if (!parsed) throw std::runtime_error(std::string(name) + " is no id");
  return *parsed;
}

Principal principal(const json::object& in, std::string_view name) {
  const json::object& who = in.at(name).as_object();
  return {Principal::Kind::user, id<UserId>(who, "id"), text(who, "name")};
}

json::object told(const Result<Stored>& result) {
  if (!result) return {{"error", result.error().message}, {"code", static_cast<int>(result.error().code)}};
  return {{"id", result->id.str()}, {"seq", result->seq.value}};
}

class Writer {
 public:
  explicit Writer(storage::Storage& storage) : storage_(storage) {}

  json::object perform(const json::object& in) {
    const std::string what = text(in, "do");
    if (what == "room") return make_room(in);
    if (what == "append") return append(in);
    if (what == "end_sessions") return change_user(principal(in, "actor"), EndSessions{});
    FeedCommand command;
    command.room_id = id<RoomId>(in, "room");
    command.actor = principal(in, "actor");
    command.change = change_of(what, in);
    return change(std::move(command));
  }

 private:
  static decltype(FeedCommand::change) change_of(const std::string& what, const json::object& in) {
    const auto present = [&] { return in.at("present").as_bool(); };
    const auto message = [&] { return id<MessageId>(in, "message"); };
    if (what == "edit") return EditMessage{message(), text(in, "content"), {}};
    if (what == "delete") return DeleteMessage{message()};
    if (what == "react") return SetReaction{message(), text(in, "reaction"), present()};
    if (what == "pin") return SetPin{message(), present()};
    if (what == "add") return AddMember{id<UserId>(in, "user"), parse_member_role(text(in, "role")).value()};
    if (what == "remove") return RemoveMember{id<UserId>(in, "user")};
    if (what == "rename") return ChangeRoom{text(in, "name"), {}};
    throw std::runtime_error("unknown: " + what);
  }

  json::object make_room(const json::object& in) {
    Room room;
    room.id = RoomId::make();
    room.name = text(in, "name");
    room.creator_id = principal(in, "creator").id;
    room.created_at = system_clock().now();
    room.kind = parse_room_kind(text(in, "kind")).value();
    const auto made = storage_.rooms().create_room(room);
    if (!made) return {{"error", made.error().message}};
    return {{"id", room.id.str()}, {"seq", 0}};
  }

  template <class Command>
  json::object change(Command command) {
    std::promise<Result<Stored>> answer;
    if (!storage_.journal().execute(std::move(command), [&](Result<Stored> r) { answer.set_value(std::move(r)); })) {
      return {{"error", "the queue is full"}};
    }
    return told(answer.get_future().get());
  }

  json::object change_user(const Principal& who, decltype(UserCommand::change) what) {
    UserCommand command;
    command.user_id = who.id;
    command.actor = who;
    command.change = std::move(what);
    return change(std::move(command));
  }

  // Some hundreds at a time: one room has but a share of the queue.
  json::object append(const json::object& in) {
    const std::int64_t count = in.contains("count") ? in.at("count").as_int64() : 1;
    constexpr std::int64_t kAtOnce = 1024;
    json::object last;
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t end = std::min(count, done + kAtOnce);
      std::vector<std::promise<Result<Stored>>> answers(static_cast<std::size_t>(end - done));
      for (auto& answer : answers) {
        AppendMessage message;
        message.room_id = id<RoomId>(in, "room");
        message.author = principal(in, "actor");
        message.content = text(in, "content") + (count > 1 ? std::to_string(++done) : (++done, std::string()));
        if (!storage_.journal().append(std::move(message), [&](Result<Stored> r) { answer.set_value(std::move(r)); })) {
          answer.set_value(Error{Errc::overloaded, "the queue is full"});
        }
      }
      for (auto& answer : answers) {
        last = told(answer.get_future().get());
        if (last.contains("error")) return last;
      }
    }
    return last;
  }

  storage::Storage& storage_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "chatd-feed-writer DATABASE\n", 2;
  const std::string name = argv[1];
  storage::DatabaseTarget target;
  const bool postgres = name.starts_with("postgres");
  target.kind = postgres ? storage::DatabaseKind::postgres : storage::DatabaseKind::sqlite;
  (postgres ? target.url : target.path) = name;
  auto opened = storage::open_storage(target);
  if (!opened) return std::cerr << opened.error().message << '\n', 1;
  storage::Storage& storage = **opened;
  Nobody nobody;
  journal::JournalOptions options;
  options.lanes = postgres ? 2 : 1;
  if (auto started = storage.start_journal(nobody, options); !started) {
    return std::cerr << started.error().message << '\n', 1;
  }
  Writer writer(storage);
  for (std::string line; std::getline(std::cin, line);) {
    json::object answer;
    try {
      answer = writer.perform(json::parse(line).as_object());
    } catch (const std::exception& e) {
      answer = {{"error", e.what()}};
    }
    std::cout << answer << std::endl;
  }
  storage.stop(std::chrono::seconds(10));
  return 0;
}
