-- Numbers for the messages whose senders may post ($1 rooms, $2 authors, $3 whether they are
-- services, in triples). rooms_pk, room_members_pk.
UPDATE rooms r SET last_seq = r.last_seq + c.n, message_count = r.message_count + c.n
FROM (SELECT m.room_id, count(*) AS n FROM unnest($1, $2, $3) AS m (room_id, user_id, service)
      JOIN rooms k ON k.id = m.room_id
      LEFT JOIN room_members p ON p.room_id = m.room_id AND p.user_id = m.user_id
      WHERE m.room_id = ANY (current_setting('chatd.rooms')::uuid[]) AND NOT k.hidden
        AND (k.kind = 'public' OR m.service OR p.user_id IS NOT NULL)
      GROUP BY m.room_id) c
WHERE r.id = c.room_id
