-- Counts and sums of contents of the original's tables, to be the same before and after: the order does not matter.
SELECT 'users', count(*), chatd_checksum(u.id, u.name, u.username, u.password)
FROM chatd_old_users u
UNION ALL
SELECT 'rooms', count(*), chatd_checksum(r.id, r.name, coalesce(r.description, ''), r.creator_id)
FROM chatd_old_rooms r
UNION ALL
SELECT 'messages', count(*), chatd_checksum(m.id, coalesce(r.id, '00000000000080008000000000000001'), m.user_id, chatd_utc(m."timestamp"), m.content)
FROM chatd_old_messages m
LEFT JOIN chatd_old_rooms r ON r.id = m.room_id
ORDER BY 1
