-- One reaction more. reactions_pk.
INSERT INTO reactions (room_id, message_seq, user_id, reaction, created_at) VALUES ($1, $2, $3, $4, $5)
