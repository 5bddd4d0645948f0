-- Out of the room. room_members_pk.
DELETE FROM room_members WHERE room_id = $1 AND user_id = $2
