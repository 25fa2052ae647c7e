-- Note a fault, once; what it quotes may hold what must not be stored.
INSERT INTO problems
SELECT $source, $line, redacted($message), $file_id
WHERE NOT EXISTS (
    SELECT 1 FROM problems WHERE source = $source AND line IS NOT DISTINCT FROM $line::BIGINT AND message = redacted($message)
)
