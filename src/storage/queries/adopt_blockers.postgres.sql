-- Who holds the original's tables: one client, as people know it.
SELECT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''),
       coalesce(host(a.client_addr), 'this machine'), coalesce(a.state, '')
FROM pg_locks l
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.relation IN (SELECT oid FROM pg_class
                     WHERE relnamespace = current_schema()::regnamespace
                       AND relname IN ('users', 'rooms', 'messages', 'alembic_version'))
ORDER BY a.xact_start
LIMIT 1
