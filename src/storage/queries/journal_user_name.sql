-- The name of an account. users_pk.
SELECT name FROM users WHERE id = $1
