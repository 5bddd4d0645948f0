-- Another cluster or timeline than the stored one ($4, $5); the first node that sees it wins.
UPDATE database_info SET epoch = $1, system_identifier = $2, timeline = $3
WHERE system_identifier IS NOT DISTINCT FROM $4 AND timeline IS NOT DISTINCT FROM $5
