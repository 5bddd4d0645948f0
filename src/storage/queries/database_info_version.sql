-- A migration has been applied.
UPDATE database_info SET schema_version = $1
