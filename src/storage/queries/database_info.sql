-- What this database says about itself; one row.
SELECT epoch, schema_version, system_identifier, timeline FROM database_info
