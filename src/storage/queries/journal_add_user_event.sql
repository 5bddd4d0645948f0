-- A numbered event of a user's feed. user_events_pk.
INSERT INTO user_events (user_id, seq, id, kind, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6)
