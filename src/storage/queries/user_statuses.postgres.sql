-- Which of these accounts exist, and may they still act? Primary key.
SELECT id, token_version, disabled_at IS NOT NULL FROM users WHERE id = ANY ($1)
