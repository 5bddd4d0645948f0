-- What these members ($1) have not read of these rooms ($2), pair by pair. room_members_pk, rooms_pk; the deleted ones
-- from messages_deleted.
SELECT m.user_id, m.room_id, r.last_seq,
       r.message_count - m.read_ordinal - (SELECT count(*) FROM messages d
                                           WHERE d.room_id = m.room_id AND d.ordinal > m.read_ordinal
                                             AND d.deleted_at IS NOT NULL) AS unread
FROM unnest($1, $2) AS asked (user_id, room_id)
JOIN room_members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id
JOIN rooms r ON r.id = m.room_id
WHERE NOT r.hidden
