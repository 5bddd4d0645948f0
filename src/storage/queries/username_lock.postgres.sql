-- Until the transaction ends, nobody else makes an account of this folded name: the check for it sees what came before.
SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 7421))) AS locked
