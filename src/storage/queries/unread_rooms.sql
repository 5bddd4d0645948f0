-- At most $3 rooms behind $2 of which a member has not read everything. Index room_members_user_id; the deleted ones
-- from messages_deleted.
SELECT user_id, room_id, last_seq, unread
FROM (SELECT m.user_id, m.room_id, r.last_seq,
             r.message_count - m.read_ordinal - (SELECT count(*) FROM messages d
                                                 WHERE d.room_id = m.room_id AND d.ordinal > m.read_ordinal
                                                   AND d.deleted_at IS NOT NULL) AS unread
      FROM room_members m
      JOIN rooms r ON r.id = m.room_id
      WHERE m.user_id = $1 AND m.room_id > $2 AND r.message_count > m.read_ordinal AND NOT r.hidden) AS counted
WHERE unread > 0
ORDER BY room_id
LIMIT $3
