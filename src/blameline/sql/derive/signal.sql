-- The values of the signal that the view `signal` shows, where they differ at all, and no score in the data has its name.
INSERT INTO measurements
SELECT s.trace_id, $name, NULL, s.value
FROM signal s
WHERE s.value IS NOT NULL
    AND (SELECT min(value) < max(value) FROM signal)
    AND NOT EXISTS (SELECT 1 FROM scores WHERE name = $name)
