-- Each link leads past a parent that is no generation to where that one leads, so that every round doubles how far they reach.
CREATE OR REPLACE TEMP TABLE links AS
SELECT l.place, l.generation, coalesce(past.up, l.up) AS up, past.up IS NOT NULL AND past.up <> l.up AS climbed
FROM links l
LEFT JOIN links past ON past.place = l.up AND NOT past.generation
