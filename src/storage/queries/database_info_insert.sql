-- The row of a new database.
INSERT INTO database_info (singleton, epoch, schema_version, system_identifier, timeline) VALUES (1, $1, $2, NULL, NULL)
