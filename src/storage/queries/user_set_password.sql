-- Replaces a password; $3 is added to the token version. Primary key.
UPDATE users SET password = $2, token_version = token_version + $3 WHERE id = $1
