-- Since when an account is disabled; null: it is not. Primary key.
UPDATE users SET disabled_at = $2 WHERE id = $1
