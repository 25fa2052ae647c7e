-- What files tell of things of which others may tell the rest: each once, in an order that no load decides.
SELECT DISTINCT ON (f.format, p.piece) f.format, p.piece, p.line, p.file_id, f.source
FROM pieces p
JOIN (SELECT file_id, min(source) AS source, min(format) AS format FROM files GROUP BY file_id) f USING (file_id)
ORDER BY f.format, p.piece, f.source, p.file_id, p.line
