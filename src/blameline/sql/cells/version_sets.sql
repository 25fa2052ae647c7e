-- Every combination of layer versions.
SELECT version_id, versions FROM version_sets ORDER BY version_id
