-- The account of this spelling ($1), else the oldest of the same folded form ($2). Index users_username_folded.
SELECT id, name, username, password, created_at, disabled_at, token_version
FROM users
WHERE username_folded = $2
ORDER BY (username = $1) DESC, created_at, id
LIMIT 1
