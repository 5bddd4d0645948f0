-- Messages with ordinals in ($3, $4], the room's total, and whether the viewer ($2) may see them: one row at least, without
-- a message when there is none to show. Index messages_ordinal.
SELECT r.message_count, (r.kind = 'public' OR EXISTS (SELECT 1 FROM room_members v WHERE v.room_id = $1 AND v.user_id = $2)),
       m.seq, m.ordinal, m.id, m.kind, m.user_id, u.name, m.client_id, m.content, m.metadata, m.reply_to,
       m.thread_root_seq, m."timestamp", m.edited_at, m.deleted_at
FROM rooms r
LEFT JOIN messages m ON m.room_id = r.id AND m.ordinal > $3 AND m.ordinal <= $4
LEFT JOIN users u ON u.id = m.user_id
WHERE r.id = $1 AND NOT r.hidden
ORDER BY m.ordinal
