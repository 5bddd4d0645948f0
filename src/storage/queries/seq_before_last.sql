-- A room's head and the seq of the first of its newest $2 messages (null: it has none). Index messages_ordinal.
SELECT r.last_seq, r.first_seq,
       (SELECT min(m.seq) FROM messages m
        WHERE m.room_id = r.id
          AND m.ordinal = CASE WHEN r.message_count > $2 THEN r.message_count - $2 + 1 ELSE 1 END)
FROM rooms r
WHERE r.id = $1 AND NOT r.hidden
