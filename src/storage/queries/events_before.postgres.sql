-- First the room's head (the largest seq), then at most $3 events before $2, newest first, messages and others merged, cut where those before come
-- to $4 bytes: what is not wanted does not travel. Primary keys.
SELECT seq, event_kind, id, actor_id, actor_name, client_id, at, message_seq, payload, ordinal, message_kind, content,
       metadata, reply_to, thread_root_seq, edited_at, deleted_at, last_seq, first_seq, message_count
FROM (
  SELECT merged.*, coalesce(sum(octet_length(content) + octet_length(payload)) OVER before, 0) AS bytes_before
  FROM (
    (SELECT 9223372036854775807 AS seq, NULL AS event_kind, NULL::uuid AS id, NULL::uuid AS actor_id, NULL AS actor_name,
            NULL AS client_id, NULL::timestamptz AS at, NULL::bigint AS message_seq, '' AS payload,
            NULL::bigint AS ordinal, NULL AS message_kind, '' AS content, NULL AS metadata, NULL::uuid AS reply_to,
            NULL::bigint AS thread_root_seq, NULL::timestamptz AS edited_at, NULL::timestamptz AS deleted_at,
            r.last_seq, r.first_seq, r.message_count
     FROM rooms r
     WHERE r.id = $1 AND NOT r.hidden)
    UNION ALL
    (SELECT m.seq, 'message_created', m.id, m.user_id, u.name, m.client_id, m."timestamp", m.seq, '', m.ordinal, m.kind,
            m.content, m.metadata, m.reply_to, m.thread_root_seq, m.edited_at, m.deleted_at, NULL, NULL, NULL
     FROM messages m
     LEFT JOIN users u ON u.id = m.user_id
     WHERE m.room_id = $1 AND m.seq < $2
     ORDER BY m.seq DESC
     LIMIT $3)
    UNION ALL
    (SELECT e.seq, e.kind, e.id, e.actor_id, u.name, e.client_id, e.created_at, e.message_seq, e.payload, NULL, NULL,
            '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
     FROM room_events e
     LEFT JOIN users u ON u.id = e.actor_id
     WHERE e.room_id = $1 AND e.seq < $2
     ORDER BY e.seq DESC
     LIMIT $3)
  ) AS merged
  WINDOW before AS (ORDER BY seq DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS measured
WHERE bytes_before < $4
ORDER BY seq DESC
LIMIT $3 + 1
