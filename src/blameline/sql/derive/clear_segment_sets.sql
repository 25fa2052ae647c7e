-- Forget the derived rows of segment_sets.
DELETE FROM segment_sets
