-- What a command of ours left in a user's feed. user_events_id.
SELECT seq, kind, created_at, payload FROM user_events WHERE user_id = $1 AND id = $2
