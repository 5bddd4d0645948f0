-- Disables an account and ends its tokens for good; a second time changes nothing. Primary key.
UPDATE users SET disabled_at = $2, token_version = token_version + 1 WHERE id = $1 AND disabled_at IS NULL
