-- Counts and sums of contents of the new tables, to be the same before and after: the order does not matter.
SELECT 'users', count(*), chatd_checksum(u.id, u.name, u.username, u.password)
FROM users u
UNION ALL
SELECT 'rooms', count(*), chatd_checksum(r.id, r.name, coalesce(r.description, ''), r.creator_id)
FROM rooms r
WHERE NOT r.hidden
UNION ALL
SELECT 'messages', count(*), chatd_checksum(m.id, m.room_id, m.user_id, m."timestamp", m.content)
FROM messages m
ORDER BY 1
