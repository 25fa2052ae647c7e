-- An attribute as a number that can be counted with; NULL for anything else.
CREATE OR REPLACE TEMP MACRO number_of(said) AS CASE WHEN try_cast(said AS DOUBLE) BETWEEN -1e12 AND 1e12 THEN try_cast(said AS DOUBLE) END
