-- An account for a command; the writer holds the whole file. users_pk.
SELECT name, token_version, disabled_at IS NOT NULL, last_seq FROM users WHERE id = $1
