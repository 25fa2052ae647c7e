-- What holds for the whole case file.
SELECT key, value FROM settings ORDER BY key
