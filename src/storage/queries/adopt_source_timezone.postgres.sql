-- For adopt_copy, until the transaction ends; fails when there is no such zone.
SELECT set_config('chatd.source_timezone', $1, true), now() AT TIME ZONE $1
