-- How many links the last round moved.
SELECT count(*) AS moved FROM links WHERE climbed
