-- One reaction less. reactions_pk.
DELETE FROM reactions WHERE room_id = $1 AND message_seq = $2 AND user_id = $3 AND reaction = $4
