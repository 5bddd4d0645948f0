-- The newest number of a user's feed. Primary key.
SELECT last_seq, 1, 0 FROM users WHERE id = $1
