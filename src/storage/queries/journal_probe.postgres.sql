-- Is there room on the disk? A table of 1 MiB that nobody sees and the commit drops.
SET LOCAL temp_tablespaces = '';
CREATE TEMPORARY TABLE journal_probe ON COMMIT DROP AS
SELECT repeat('x', 1000) AS filler FROM generate_series(1, 1000)
