-- Faults in what was loaded, by file and line.
SELECT source, line, message FROM problems ORDER BY source, line NULLS FIRST, message
