-- Counts and sums of contents of the original's tables, to be the same before and after: the order does not matter.
SELECT 'users', count(*), coalesce(sum(hashtextextended(concat_ws('|', u.id, u.name, u.username, u.password), 0)::numeric), 0)::text
FROM chatd_old_users u
UNION ALL
SELECT 'rooms', count(*), coalesce(sum(hashtextextended(concat_ws('|', r.id, r.name, coalesce(r.description, ''), r.creator_id), 0)::numeric), 0)::text
FROM chatd_old_rooms r
UNION ALL
SELECT 'messages', count(*), coalesce(sum(hashtextextended(concat_ws('|', m.id, coalesce(r.id, '00000000-0000-8000-8000-000000000001'), m.user_id, extract(epoch FROM m."timestamp" AT TIME ZONE current_setting('chatd.source_timezone')), m.content), 0)::numeric), 0)::text
FROM chatd_old_messages m
LEFT JOIN chatd_old_rooms r ON r.id = m.room_id
ORDER BY 1
