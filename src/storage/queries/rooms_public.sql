-- The newest 10,000 public rooms, oldest first. Index rooms_public_listing, from its end.
SELECT id, name, description, creator_id, created_at, kind, last_seq, first_seq, message_count
FROM (SELECT * FROM rooms WHERE kind = 'public' AND NOT hidden ORDER BY created_at DESC, id DESC LIMIT 10000) newest
ORDER BY created_at, id
