-- The newest numbers of a room. Primary key.
SELECT last_seq, first_seq, message_count FROM rooms WHERE id = $1 AND NOT hidden
