-- Every account of the original, to fold its username.
SELECT id, username FROM users ORDER BY id
