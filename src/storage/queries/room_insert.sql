-- Makes a room. A public one of the same name violates index rooms_public_name.
INSERT INTO rooms (id, name, description, creator_id, created_at, kind, hidden, direct_key, last_seq, first_seq, message_count)
VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, 0, 1, 0)
