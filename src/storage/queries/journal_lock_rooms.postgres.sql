-- Locks those of $1 that nobody else holds, in order of their ids, and remembers which: the next two statements of the
-- flight look at no others, and begin after the lock, so that they see every change of membership before it. rooms_pk.
SELECT set_config('chatd.rooms', coalesce(array_agg(l.id)::text, '{}'), true) FROM (
  SELECT id FROM rooms WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) l
