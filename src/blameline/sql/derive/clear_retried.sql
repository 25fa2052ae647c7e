-- Forget the derived rows of retried.
DELETE FROM retried
