-- The first answer to a key of a command. room_events_client_id.
SELECT id, seq, created_at FROM room_events WHERE room_id = $1 AND actor_id = $2 AND client_id = $3
