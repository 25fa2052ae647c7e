-- A reason as a plain word, out of the list that it may stand in.
CREATE OR REPLACE TEMP MACRO plain_reason(reason) AS lower(trim(reason, '[]()"'' '))
