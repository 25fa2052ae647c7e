-- The first words of a text in lower case, with a blank on either side.
CREATE OR REPLACE TEMP MACRO opening_of(said) AS ' ' || lower(left(said, 200)) || ' '
