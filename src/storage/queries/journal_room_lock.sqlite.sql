-- A room for a command; the writer holds the whole file. rooms_pk.
SELECT kind, name, description, last_seq, message_count FROM rooms WHERE id = $1 AND NOT hidden
