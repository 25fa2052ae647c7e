-- Note a fault, once; what it quotes may hold what must not be stored.
INSERT INTO problems
SELECT $source, $line, told.message, $file_id
FROM (SELECT redacted($message) AS message) AS told
WHERE NOT EXISTS (
    SELECT 1 FROM problems WHERE source = $source AND line IS NOT DISTINCT FROM $line::BIGINT AND problems.message = told.message
)
