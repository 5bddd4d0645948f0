-- The batch, numbered within each room in the order of the arrays, up to the heads just raised. Every message comes back
-- with what became of it: its numbers, or why not (locked: the room was locked by us; there: it exists and is no hidden
-- one). rooms_pk, room_members_pk, messages_pk.
WITH given AS (
  SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $11) WITH ORDINALITY
    AS m (room_id, user_id, id, kind, client_id, content, metadata, reply_to, thread_root_seq, service, n)
), judged AS (
  SELECT m.*, m.room_id = ANY (current_setting('chatd.rooms')::uuid[]) AS locked, r.id IS NOT NULL AS there,
         r.last_seq, r.message_count, r.id IS NOT NULL AND (r.kind = 'public' OR m.service OR p.user_id IS NOT NULL) AS allowed
  FROM given m
  LEFT JOIN rooms r ON r.id = m.room_id AND NOT r.hidden
  LEFT JOIN room_members p ON p.room_id = m.room_id AND p.user_id = m.user_id
), numbered AS (
  SELECT j.*, row_number() OVER (PARTITION BY room_id ORDER BY n) - count(*) OVER (PARTITION BY room_id) AS back
  FROM judged j WHERE locked AND allowed
), stored AS (
  INSERT INTO messages (room_id, seq, ordinal, id, kind, user_id, client_id, content, metadata, reply_to,
                        thread_root_seq, "timestamp", created_at)
  SELECT room_id, last_seq + back, message_count + back, id, kind, user_id, client_id, content, metadata, reply_to,
         thread_root_seq, $10, $10
  FROM numbered
)
SELECT j.n, j.locked, j.there, j.allowed, d.last_seq + d.back AS seq, d.message_count + d.back AS ordinal
FROM judged j LEFT JOIN numbered d ON d.n = j.n ORDER BY j.n
