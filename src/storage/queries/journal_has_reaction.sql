-- Is this reaction there? reactions_pk.
SELECT 1 FROM reactions WHERE room_id = $1 AND message_seq = $2 AND user_id = $3 AND reaction = $4
