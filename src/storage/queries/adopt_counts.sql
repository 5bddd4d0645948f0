-- What the original's tables hold: users, rooms, messages, messages in no room, authors and creators that are not there,
-- memberships to be.
SELECT (SELECT count(*) FROM users),
       (SELECT count(*) FROM rooms),
       (SELECT count(*) FROM messages),
       (SELECT count(*) FROM messages m LEFT JOIN rooms r ON r.id = m.room_id WHERE r.id IS NULL),
       (SELECT count(*) FROM messages m LEFT JOIN users u ON u.id = m.user_id WHERE u.id IS NULL)
         + (SELECT count(*) FROM rooms r LEFT JOIN users u ON u.id = r.creator_id WHERE u.id IS NULL),
       (SELECT count(*)
        FROM (SELECT m.room_id, m.user_id FROM messages m JOIN rooms r ON r.id = m.room_id
              UNION
              SELECT r.id, r.creator_id FROM rooms r) AS members)
