-- The first of a generation's reasons; a JSON list is opened.
CREATE OR REPLACE TEMP MACRO first_reason(reasons) AS lower(trim(split_part(reasons, ',', 1), '[]"'' '))
