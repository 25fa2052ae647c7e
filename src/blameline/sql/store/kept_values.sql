-- The values of a row as they may be kept: what redacting left of them, and themselves where it changed nothing.
CREATE OR REPLACE TEMP MACRO kept_values(said, clean) AS CASE WHEN clean IS NULL THEN said ELSE clean[:len(said)] END
