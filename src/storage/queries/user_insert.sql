-- Makes an account unless its folded name is taken (then no row changes); run under the writer's lock. Index users_username_folded.
INSERT INTO users (id, name, username, username_folded, password, created_at, disabled_at, token_version, last_seq)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, 0
WHERE NOT EXISTS (SELECT 1 FROM users WHERE username_folded = $4)
