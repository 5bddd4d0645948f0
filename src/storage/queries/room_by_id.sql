-- A room, and what the viewer is in it. Primary keys.
SELECT r.id, r.name, r.description, r.creator_id, r.created_at, r.kind, r.last_seq, r.first_seq, r.message_count, m.role
FROM rooms r
LEFT JOIN room_members m ON m.room_id = r.id AND m.user_id = $2
WHERE r.id = $1 AND NOT r.hidden
