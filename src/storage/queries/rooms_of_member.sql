-- At most $3 rooms behind $2 that a user is a member of, and his role. Index room_members_user_id.
SELECT r.id, r.name, r.description, r.creator_id, r.created_at, r.kind, r.last_seq, r.first_seq, r.message_count, m.role
FROM room_members m
JOIN rooms r ON r.id = m.room_id
WHERE m.user_id = $1 AND m.room_id > $2 AND NOT r.hidden
ORDER BY m.room_id
LIMIT $3
