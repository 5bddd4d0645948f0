// What goes over the wire of REST v1 and rpc: each struct is parser, validator, writer and schema of one object.
#pragma once

#include "chat/messages.hpp"
#include "model/ids.hpp"
#include "model/limits.hpp"
#include "schema/schema.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::api {

using schema::FieldDoc;

struct UserIn {
  schema::Name name;
  schema::Email username;
  schema::Secret<8, 1024> password;

  static constexpr std::string_view kDescription = "A new account.";
  static constexpr FieldDoc kDocs[] = {
      {"name", "What others see: 1 to 200 characters, at least one of them visible; never trimmed or changed.",
       "\"Ada Lovelace\""},
      {"username", "An e-mail address; blanks around it are dropped, and case makes no difference.",
       "\"ada@example.com\""},
      {"password", "8 to 1024 bytes.", "\"correct horse battery\""}};
};
BOOST_DESCRIBE_STRUCT(UserIn, (), (name, username, password))

struct UserOut {
  UserId id;
  std::string name;
  std::string username;

  static constexpr FieldDoc kDocs[] = {{"name", "", "\"Ada Lovelace\""}, {"username", "", "\"ada@example.com\""}};
};
BOOST_DESCRIBE_STRUCT(UserOut, (), (id, name, username))

// Lengths are those of the body only: whatever cannot be an account's is answered as a wrong password is.
struct LoginIn {
  std::string username;
  schema::Secret<0, SIZE_MAX> password;

  static constexpr FieldDoc kDocs[] = {{"username", "In any case.", "\"ada@example.com\""},
                                       {"password", "", "\"correct horse battery\""}};
};
BOOST_DESCRIBE_STRUCT(LoginIn, (), (username, password))

// RFC 6749, 4.3.2. Its other fields (scope, client_id, client_secret) are taken and ignored.
struct LoginForm {
  schema::Maybe<schema::Exactly<"password">> grant_type;
  std::string username;
  schema::Secret<0, SIZE_MAX> password;

  LoginIn to_json() && { return {std::move(username), std::move(password)}; }

  static constexpr std::string_view kDescription =
      "The OAuth2 password form (RFC 6749, 4.3.2). Other fields of it are ignored.";
  static constexpr FieldDoc kDocs[] = {{"username", "In any case.", "\"ada@example.com\""}};
};
BOOST_DESCRIBE_STRUCT(LoginForm, (), (grant_type, username, password))

struct TokenOut {
  UserId id;
  std::string name;
  std::string username;
  std::string access_token;
  schema::Literal<"bearer"> token_type;

  static constexpr FieldDoc kDocs[] = {{"name", "", "\"Ada Lovelace\""},
                                       {"username", "", "\"ada@example.com\""},
                                       {"access_token", "A JWT: send it as `Authorization: Bearer <token>`.", ""}};
};
BOOST_DESCRIBE_STRUCT(TokenOut, (), (id, name, username, access_token, token_type))

struct RoomIn {
  schema::Name name;
  std::optional<schema::Text<0, 4000>> description;

  static constexpr FieldDoc kDocs[] = {{"name", "Unique; 1 to 200 characters.", "\"Lobby\""},
                                       {"description", "At most 4,000 characters.", "\"Talk about anything.\""}};
};
BOOST_DESCRIBE_STRUCT(RoomIn, (), (name, description))

struct RoomOut {
  RoomId id;
  std::string name;
  UserId creator_id;
  std::optional<std::string> description;

  static constexpr FieldDoc kDocs[] = {{"name", "", "\"Lobby\""}, {"description", "", "\"Talk about anything.\""}};
};
BOOST_DESCRIBE_STRUCT(RoomOut, (), (id, name, creator_id, description))

struct RoomsOut {
  std::vector<RoomOut> rooms;
};
BOOST_DESCRIBE_STRUCT(RoomsOut, (), (rooms))

struct RoomPath {
  RoomId room_id;

  static constexpr FieldDoc kDocs[] = {{"room_id", "The room's id.", ""}};
};
BOOST_DESCRIBE_STRUCT(RoomPath, (), (room_id))

struct MessageIn {
  schema::Text<1, SIZE_MAX> content;  // its limit is a setting: beyond it 413, not 422
  std::optional<schema::ByteText<1, kMaxClientIdBytes>> client_id;
  std::optional<schema::RawJsonOf<kMaxMetadataBytes>> metadata;
  std::optional<MessageId> reply_to;

  static constexpr std::string_view kDescription = "A new message.";
  static constexpr FieldDoc kDocs[] = {
      {"content", "Never empty, never trimmed or changed; as much as fits a frame of the room socket.", "\"Hello!\""},
      {"client_id",
       "1 to 64 bytes of the sender's own making: a message with one that he has used in this room is not stored "
       "again, "
       "and gets the first one's answer.",
       "\"a3f1\""},
      {"metadata", "Any JSON for the apps, at most 8 KiB without white space.", "{\"mood\":\"sunny\"}"},
      {"reply_to", "The id of the message that this one answers.", ""}};
};
BOOST_DESCRIBE_STRUCT(MessageIn, (), (content, client_id, metadata, reply_to))
NewMessage new_message(RoomId room, MessageIn&& input);

struct SentOut {
  MessageId id;
  std::int64_t seq = 0;
  Timestamp timestamp{};

  static constexpr FieldDoc kDocs[] = {{"seq", "Its number in the room.", "17"},
                                       {"timestamp", "UTC, with microseconds.", "\"2026-11-23T01:02:03.000004Z\""}};
};
BOOST_DESCRIBE_STRUCT(SentOut, (), (id, seq, timestamp))

struct PageQuery {
  schema::Defaulted<schema::IntFrom<1>> page = 1;
  schema::Defaulted<schema::Int<1, 100>> size = 10;

  static constexpr FieldDoc kDocs[] = {{"page", "From 1; a page past the end has no messages.", ""},
                                       {"size", "Messages on a page.", ""}};
};
BOOST_DESCRIBE_STRUCT(PageQuery, (), (page, size))

struct AuthorOut {
  UserId id;
  std::string name;

  static constexpr FieldDoc kDocs[] = {{"name", "", "\"Ada Lovelace\""}};
};
BOOST_DESCRIBE_STRUCT(AuthorOut, (), (id, name))

struct MessageOut {
  MessageId id;
  RoomId room_id;
  AuthorOut user;
  std::string content;
  Timestamp timestamp{};
  std::int64_t seq = 0;
  schema::Maybe<MessageId> reply_to;
  schema::Maybe<schema::RawJson> metadata;
  schema::Maybe<bool> deleted;

  static constexpr FieldDoc kDocs[] = {
      {"content", "Empty when the message was deleted.", "\"Hello!\""},
      {"timestamp", "UTC, with microseconds.", "\"2026-11-23T01:02:03.000004Z\""},
      {"seq", "Its number in the room: `?after=<seq>` resumes a socket behind it.", "17"},
      {"reply_to", "The id of the message that this one answers; only where it answers one.", ""},
      {"metadata", "Any JSON of its sender; only where there is some.", "{\"mood\":\"sunny\"}"},
      {"deleted", "Present, and true, in a deleted message only.", ""}};
};
BOOST_DESCRIBE_STRUCT(MessageOut, (), (id, room_id, user, content, timestamp, seq, reply_to, metadata, deleted))

struct PaginationOut {
  std::int64_t current_page = 1;
  std::int64_t page_size = 10;
  std::int64_t total_pages = 0;
  std::int64_t total_messages = 0;

  static constexpr FieldDoc kDocs[] = {{"total_pages", "0 in a room without messages.", ""},
                                       {"total_messages", "Deleted ones included.", ""}};
};
BOOST_DESCRIBE_STRUCT(PaginationOut, (), (current_page, page_size, total_pages, total_messages))

struct HistoryOut {
  RoomId room_id;
  std::vector<MessageOut> messages;
  PaginationOut pagination;

  static constexpr FieldDoc kDocs[] = {{"messages", "Oldest first.", ""}};
};
BOOST_DESCRIBE_STRUCT(HistoryOut, (), (room_id, messages, pagination))

struct EventsQuery {
  schema::Defaulted<schema::IntFrom<0>> after = 0;
  schema::Defaulted<schema::Int<1, 500>> limit = 100;

  static constexpr FieldDoc kDocs[] = {{"after", "The last number that is known; 0 begins with the first event.", ""},
                                       {"limit", "Events in one answer; fewer when they are large.", ""}};
};
BOOST_DESCRIBE_STRUCT(EventsQuery, (), (after, limit))

struct EventsOut {
  RoomId room_id;
  std::vector<schema::RawJson> events;
  std::int64_t last_seq = 0;

  static constexpr FieldDoc kDocs[] = {
      {"events", "As the realtime protocol publishes them: each has `type` and `seq`.", ""},
      {"last_seq", "The number of the room's newest event.", "17"}};
};
BOOST_DESCRIBE_STRUCT(EventsOut, (), (room_id, events, last_seq))

struct TypingIn {
  RoomId room_id;
};
BOOST_DESCRIBE_STRUCT(TypingIn, (), (room_id))

// What the room is told; no event.
struct TypingSignal {
  schema::Literal<"typing"> type;
  RoomId room_id;
  AuthorOut user;

  static constexpr std::string_view kDescription =
      "Somebody is typing: without an offset, never stored; to be shown for some five seconds.";
};
BOOST_DESCRIBE_STRUCT(TypingSignal, (), (type, room_id, user))

struct DoneOut {
  bool ok = true;
};
BOOST_DESCRIBE_STRUCT(DoneOut, (), (ok))

struct RootOut {
  schema::Literal<"/"> message;
};
BOOST_DESCRIBE_STRUCT(RootOut, (), (message))

struct HealthOut {
  schema::Literal<"alive"> status;
};
BOOST_DESCRIBE_STRUCT(HealthOut, (), (status))

struct ReadinessOut {
  std::string status;  // "ready", "not ready"
  std::vector<std::string> reasons;

  static constexpr FieldDoc kDocs[] = {{"status", "", "\"ready\""},
                                       {"reasons", "A sentence each; why it is not.", "[]"}};
};
BOOST_DESCRIBE_STRUCT(ReadinessOut, (), (status, reasons))

}  // namespace chat::api
