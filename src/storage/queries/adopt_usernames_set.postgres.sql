-- Folded usernames, made by us: PostgreSQL's lower() is another function.
INSERT INTO chatd_old_folded (id, folded) SELECT * FROM unnest($1, $2)
