-- An account, locked until the transaction ends; after the room, where there is one. users_pk.
SELECT name, token_version, disabled_at IS NOT NULL, last_seq FROM users WHERE id = $1 FOR NO KEY UPDATE
