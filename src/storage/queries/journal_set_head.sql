-- The newest number given. rooms_pk.
UPDATE rooms SET last_seq = $2 WHERE id = $1
