-- Forget the derived rows of version_sets.
DELETE FROM version_sets
