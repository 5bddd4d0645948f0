-- The pin of a message. pins_pk.
DELETE FROM pins WHERE room_id = $1 AND message_seq = $2
