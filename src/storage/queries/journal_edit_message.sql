-- An edit. messages_pk.
UPDATE messages SET content = $3, metadata = $4, edited_at = $5 WHERE room_id = $1 AND seq = $2
