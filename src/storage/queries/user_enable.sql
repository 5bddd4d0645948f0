-- Enables an account; tokens from before it was disabled stay dead. Primary key.
UPDATE users SET disabled_at = NULL WHERE id = $1
