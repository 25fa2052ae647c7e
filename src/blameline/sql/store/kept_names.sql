-- The names of a row as they may be kept; where odd, what redacting left of them lies behind the values.
CREATE OR REPLACE TEMP MACRO kept_names(odd, names, clean) AS CASE WHEN odd THEN clean[len(names) + 1:2 * len(names)] ELSE names END
