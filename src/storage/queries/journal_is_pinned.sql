-- Is this message pinned? pins_pk.
SELECT 1 FROM pins WHERE room_id = $1 AND message_seq = $2
