-- A member, read up to the newest message. room_members_pk.
INSERT INTO room_members (room_id, user_id, role, joined_seq, read_ordinal, joined_at) VALUES ($1, $2, $3, $4, $5, $6)
