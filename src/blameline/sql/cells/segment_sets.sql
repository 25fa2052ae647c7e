-- Every combination of segment values.
SELECT segment_id, segment FROM segment_sets ORDER BY segment_id
