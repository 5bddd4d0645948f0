-- May this user post here, and what is the next number? rooms_pk, room_members_pk.
SELECT r.kind, r.last_seq, r.message_count, m.role FROM rooms r
LEFT JOIN room_members m ON m.room_id = r.id AND m.user_id = $2 WHERE r.id = $1 AND NOT r.hidden
