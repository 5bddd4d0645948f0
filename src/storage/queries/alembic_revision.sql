-- What the original's migrations say about its schema.
SELECT version_num FROM alembic_version
