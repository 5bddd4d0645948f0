#include "storage/journal/feed_writer.hpp"

namespace chat::journal {

std::shared_ptr<const Event> created_event(const AppendMessage& m, const Stored& stored) {
  auto event = std::make_shared<Event>();
  event->feed = FeedKey::room(m.room_id);
  event->seq = stored.seq;
  event->kind = EventKind::message_created;
  event->id = EventId(m.id.value);
  event->actor_id = m.author.id;
  event->actor_name = m.author.name;
  event->client_id = m.client_id;
  event->at = stored.at;
  event->message_seq = stored.seq;
  Message& message = event->message.emplace();
  message.id = m.id;
  message.room_id = m.room_id;
  message.seq = stored.seq;
  message.ordinal = stored.ordinal;
  message.kind = m.kind;
  message.author_id = m.author.id;
  message.author_name = m.author.name;
  message.client_id = m.client_id;
  message.content = m.content;
  message.metadata = m.metadata;
  message.reply_to = m.reply_to;
  message.thread_root_seq = m.thread_root_seq;
  message.timestamp = stored.at;
  return event;
}

}  // namespace chat::journal
