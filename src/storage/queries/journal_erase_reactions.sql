-- Reactions of a deleted message. reactions_pk.
DELETE FROM reactions WHERE room_id = $1 AND message_seq = $2
