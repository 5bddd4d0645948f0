-- Tokens of a lower version are dead from now on. Primary key.
UPDATE users SET token_version = $2 WHERE id = $1
