-- One account. Primary key.
SELECT id, name, username, password, created_at, disabled_at, token_version FROM users WHERE id = $1
