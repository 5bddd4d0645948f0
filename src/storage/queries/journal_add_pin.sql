-- A message pinned. pins_pk.
INSERT INTO pins (room_id, message_seq, pinned_by, created_at) VALUES ($1, $2, $3, $4)
