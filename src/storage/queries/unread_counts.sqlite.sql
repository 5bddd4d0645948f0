-- What members have not read of rooms: $1 is a JSON array of user and room, 64 characters together. Primary keys; the
-- deleted ones from messages_deleted. CROSS JOIN keeps the order: the pairs first.
SELECT m.user_id, m.room_id, r.last_seq,
       r.message_count - m.read_ordinal - (SELECT count(*) FROM messages d
                                           WHERE d.room_id = m.room_id AND d.ordinal > m.read_ordinal
                                             AND d.deleted_at IS NOT NULL) AS unread
FROM json_each($1) AS asked
CROSS JOIN room_members m ON m.room_id = substr(asked.value, 33) AND m.user_id = substr(asked.value, 1, 32)
CROSS JOIN rooms r ON r.id = m.room_id
WHERE NOT r.hidden
