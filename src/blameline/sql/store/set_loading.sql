-- Mark that a load has begun and not yet ended.
INSERT INTO settings
SELECT 'loading', 'true'
WHERE NOT EXISTS (SELECT 1 FROM settings WHERE key = 'loading')
