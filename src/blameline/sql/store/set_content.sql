-- What is kept of questions and answers in this case file, for good.
INSERT INTO settings
SELECT 'content', $content
WHERE NOT EXISTS (SELECT 1 FROM settings WHERE key = 'content')
