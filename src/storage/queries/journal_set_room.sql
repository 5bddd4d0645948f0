-- Another name or description; a public name that is taken violates rooms_public_name. rooms_pk.
UPDATE rooms SET name = $2, description = $3 WHERE id = $1
