-- A tombstone: numbers stay, content goes. messages_pk.
UPDATE messages SET content = '', metadata = NULL, deleted_at = $3 WHERE room_id = $1 AND seq = $2
