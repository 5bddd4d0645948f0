-- The message a command is about. messages_id.
SELECT seq, user_id, content, metadata, edited_at, deleted_at FROM messages WHERE room_id = $1 AND id = $2
