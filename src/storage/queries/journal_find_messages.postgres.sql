-- Of a flight whose commit is in doubt: which of these are stored ($1 rooms, $2 ids, in pairs)? Asked only with the
-- rooms locked. messages_id.
SELECT m.n, s.id, s.seq, s.ordinal, s."timestamp" FROM unnest($1, $2) WITH ORDINALITY AS m (room_id, id, n)
JOIN messages s ON s.room_id = m.room_id AND s.id = m.id
