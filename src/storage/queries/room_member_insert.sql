-- Makes somebody a member of a room that has no events yet. Primary key.
INSERT INTO room_members (room_id, user_id, role, joined_seq, read_ordinal, joined_at) VALUES ($1, $2, $3, 0, 0, $4)
