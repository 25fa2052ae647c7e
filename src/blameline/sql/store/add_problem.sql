-- Note a fault, once.
INSERT INTO problems
SELECT $source, $line, $message
WHERE NOT EXISTS (
    SELECT 1 FROM problems WHERE source = $source AND line IS NOT DISTINCT FROM $line::BIGINT AND message = $message
)
