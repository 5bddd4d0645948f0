-- The newest numbers given in a batch. rooms_pk.
UPDATE rooms SET last_seq = $2, message_count = $3 WHERE id = $1
