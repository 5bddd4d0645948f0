-- A user's head, in each row, and at most $3 events before $2, newest first. Primary keys.
SELECT u.last_seq, e.seq, e.kind, e.id, e.created_at, e.payload
FROM users u
LEFT JOIN (SELECT seq, kind, id, created_at, payload FROM user_events WHERE user_id = $1 AND seq < $2
           ORDER BY seq DESC LIMIT $3) e ON true
WHERE u.id = $1
ORDER BY e.seq DESC
