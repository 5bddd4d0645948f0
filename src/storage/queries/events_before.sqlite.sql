-- First the room's head (the largest seq), then its events before $2, newest first, messages and others merged. Primary keys; read as a stream,
-- so that whoever has had enough stops.
SELECT 9223372036854775807 AS seq, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       r.last_seq, r.first_seq, r.message_count
FROM rooms r
WHERE r.id = $1 AND NOT r.hidden
UNION ALL
SELECT m.seq, 'message_created', m.id, m.user_id, u.name, m.client_id, m."timestamp", m.seq, NULL, m.ordinal, m.kind,
       m.content, m.metadata, m.reply_to, m.thread_root_seq, m.edited_at, m.deleted_at, NULL, NULL, NULL
FROM messages m
LEFT JOIN users u ON u.id = m.user_id
WHERE m.room_id = $1 AND m.seq < $2
UNION ALL
SELECT e.seq, e.kind, e.id, e.actor_id, u.name, e.client_id, e.created_at, e.message_seq, e.payload, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM room_events e
LEFT JOIN users u ON u.id = e.actor_id
WHERE e.room_id = $1 AND e.seq < $2
ORDER BY seq DESC
LIMIT $3 + 1
