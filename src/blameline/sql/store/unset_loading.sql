-- The load has ended.
DELETE FROM settings WHERE key = 'loading'
