-- How long the flight of one room waits for it.
SELECT set_config('lock_timeout', $1, true)
