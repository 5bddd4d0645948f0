-- For adopt_copy, until the transaction ends; no row when there is no zone of that name. Names only: PostgreSQL would take
-- "UTC-3" as well, for three hours *east*.
SELECT set_config('chatd.source_timezone', name, true) FROM pg_timezone_names WHERE lower(name) = lower($1)
