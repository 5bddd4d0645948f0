-- The content that earlier edits of a deleted message carried. room_events_pk, from the message's number on.
UPDATE room_events SET payload = $3 WHERE room_id = $1 AND seq > $2 AND message_seq = $2 AND kind = 'message_edited'
