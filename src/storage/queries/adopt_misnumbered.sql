-- Rooms whose messages are not numbered 1..n, or whose own numbers are not n: there must be none.
SELECT count(*)
FROM (SELECT room_id, count(*) AS messages, min(seq) AS first, max(seq) AS last, max(ordinal) AS last_ordinal
      FROM messages GROUP BY room_id) AS numbered
JOIN rooms r ON r.id = numbered.room_id
WHERE first <> 1 OR last <> messages OR last_ordinal <> messages OR r.last_seq <> messages OR r.message_count <> messages
