-- A user's head, in each row, and at most $3 events after $2 (one row without an event when there are none). Primary keys.
SELECT u.last_seq, e.seq, e.kind, e.id, e.created_at, e.payload
FROM users u
LEFT JOIN (SELECT seq, kind, id, created_at, payload FROM user_events WHERE user_id = $1 AND seq > $2
           ORDER BY seq LIMIT $3) e ON true
WHERE u.id = $1
ORDER BY e.seq
