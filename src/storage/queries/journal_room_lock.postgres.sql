-- A room, locked until the transaction ends. rooms_pk.
SELECT kind, name, description, last_seq, message_count FROM rooms WHERE id = $1 AND NOT hidden FOR NO KEY UPDATE
