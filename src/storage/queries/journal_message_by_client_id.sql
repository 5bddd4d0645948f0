-- The first answer to a key of a message. messages_client_id.
SELECT id, seq, ordinal, "timestamp" FROM messages WHERE room_id = $1 AND user_id = $2 AND client_id = $3
