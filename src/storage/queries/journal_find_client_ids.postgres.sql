-- Which of these keys have been answered ($1 rooms, $2 authors, $3 client ids, in triples)? messages_client_id.
SELECT m.n, s.id, s.seq, s.ordinal, s."timestamp" FROM unnest($1, $2, $3) WITH ORDINALITY AS m (room_id, user_id, client_id, n)
JOIN messages s ON s.room_id = m.room_id AND s.user_id = m.user_id AND s.client_id = m.client_id
