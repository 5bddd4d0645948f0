-- Counts and sums of contents of the new tables, to be the same before and after: the order does not matter.
SELECT 'users', count(*), coalesce(sum(hashtextextended(concat_ws('|', u.id, u.name, u.username, u.password), 0)::numeric), 0)::text
FROM users u
UNION ALL
SELECT 'rooms', count(*), coalesce(sum(hashtextextended(concat_ws('|', r.id, r.name, coalesce(r.description, ''), r.creator_id), 0)::numeric), 0)::text
FROM rooms r
WHERE NOT r.hidden
UNION ALL
SELECT 'messages', count(*), coalesce(sum(hashtextextended(concat_ws('|', m.id, m.room_id, m.user_id, extract(epoch FROM m."timestamp"), m.content), 0)::numeric), 0)::text
FROM messages m
ORDER BY 1
