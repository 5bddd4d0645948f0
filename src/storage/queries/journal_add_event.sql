-- A numbered event that is no message. room_events_pk.
INSERT INTO room_events (room_id, seq, id, kind, actor_id, client_id, message_seq, payload, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
