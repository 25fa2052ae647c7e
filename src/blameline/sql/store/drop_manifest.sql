-- Make room for the merged manifest.
DELETE FROM manifest
