-- Which of these accounts (a JSON array of ids) exist, and may they still act? Primary key.
SELECT id, token_version, disabled_at IS NOT NULL FROM users WHERE id IN (SELECT value FROM json_each($1))
