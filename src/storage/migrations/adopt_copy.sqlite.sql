-- From the original's tables into those of migration 1. Its times are naive: chatd_utc knows
-- their zone, chatd_digits brings them to one width, chatd_casefold is base/casefold.hpp.
INSERT INTO users (id, name, username, username_folded, password, created_at, disabled_at, token_version, last_seq)
SELECT o.id, o.name, o.username, chatd_casefold(o.username), o.password, chatd_utc(o.created_at),
       NULL, 0, 0
FROM chatd_old_users o;

INSERT INTO rooms (id, name, description, creator_id, created_at, kind, hidden, direct_key, last_seq, first_seq, message_count)
SELECT id, name, description, creator_id, chatd_utc(created_at), 'public', 0,
       NULL, 0, 1, 0
FROM chatd_old_rooms;

-- Messages in no room are kept, in one that nobody sees; its creator is the first of their authors.
INSERT INTO rooms (id, name, description, creator_id, created_at, kind, hidden, direct_key, last_seq, first_seq, message_count)
SELECT '00000000000080008000000000000001', NULL, 'messages that had no room when this database was adopted', m.user_id,
       chatd_utc(m.created_at), 'private', 1, NULL, 0, 1, 0
FROM chatd_old_messages m
LEFT JOIN chatd_old_rooms r ON r.id = m.room_id
WHERE r.id IS NULL
ORDER BY m.created_at, m.id
LIMIT 1;

INSERT INTO messages (room_id, seq, ordinal, id, kind, user_id, content, "timestamp", created_at)
SELECT room_id, number, number, id, 'text', user_id, content,
       chatd_utc("timestamp"),
       chatd_utc(created_at)
FROM (SELECT m.id, m.user_id, m.content, m."timestamp", m.created_at, coalesce(r.id, '00000000000080008000000000000001') AS room_id,
             row_number() OVER (PARTITION BY coalesce(r.id, '00000000000080008000000000000001')
                                ORDER BY chatd_digits(m."timestamp"), chatd_digits(m.created_at), m.id, m.rowid) AS number
      FROM chatd_old_messages m
      LEFT JOIN chatd_old_rooms r ON r.id = m.room_id) AS numbered
ORDER BY room_id, number;

UPDATE rooms SET last_seq = counted.messages, message_count = counted.messages
FROM (SELECT room_id, count(*) AS messages FROM messages GROUP BY room_id) AS counted
WHERE counted.room_id = rooms.id;

-- Whoever wrote or made a room is a member who has read everything.
INSERT INTO room_members (room_id, user_id, role, joined_seq, read_ordinal, joined_at)
SELECT id, creator_id, 'owner', 0, message_count, created_at FROM rooms WHERE NOT hidden;
INSERT INTO room_members (room_id, user_id, role, joined_seq, read_ordinal, joined_at)
SELECT r.id, m.user_id, 'member', 0, r.message_count, min(m."timestamp")
FROM messages m
JOIN rooms r ON r.id = m.room_id
WHERE NOT r.hidden AND m.user_id <> r.creator_id
GROUP BY r.id, m.user_id, r.message_count;
