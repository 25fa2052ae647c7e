-- Keep the merged manifest.
INSERT INTO manifest VALUES ($record)
