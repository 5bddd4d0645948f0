-- Replaces a password and ends older sessions. Primary key.
UPDATE users SET password = $2, token_version = token_version + 1 WHERE id = $1
