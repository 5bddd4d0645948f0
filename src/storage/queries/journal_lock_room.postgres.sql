-- The same for one room, waiting for who holds it (lock_timeout). rooms_pk.
SELECT set_config('chatd.rooms', coalesce(array_agg(l.id)::text, '{}'), true) FROM (
  SELECT id FROM rooms WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE) l
