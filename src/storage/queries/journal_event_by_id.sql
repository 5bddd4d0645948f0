-- A command of ours whose commit is in doubt: was it stored? room_events_id.
SELECT seq, kind, actor_id, client_id, created_at, message_seq, payload FROM room_events WHERE room_id = $1 AND id = $2
