-- Another password hash. Primary key.
UPDATE users SET password = $2 WHERE id = $1
