-- All public rooms, oldest first. Index rooms_public_listing.
SELECT id, name, description, creator_id, created_at, kind, last_seq, first_seq, message_count
FROM rooms
WHERE kind = 'public' AND NOT hidden
ORDER BY created_at, id
