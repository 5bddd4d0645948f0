-- The newest number given in a user's feed. users_pk.
UPDATE users SET last_seq = $2 WHERE id = $1
