-- A word of a vocabulary that we do not know, as long as it looks like one; 'other' for anything else that somebody put there.
CREATE OR REPLACE TEMP MACRO word_of(said) AS CASE WHEN said IS NULL OR regexp_full_match(said, '[a-z_ -]{1,40}') THEN said ELSE 'other' END
