-- The same password at another cost, unless another one has been set meanwhile. Primary key.
UPDATE users SET password = $3 WHERE id = $1 AND password = $2
