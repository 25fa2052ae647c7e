-- Every contract, by its id and then by the names of the files that state it: what a later one says wins.
SELECT c.contract_id, c.record, c.rule, c.line, coalesce(f.source, '') AS source
FROM contracts c
LEFT JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
ORDER BY c.contract_id, f.source NULLS LAST, c.rule, c.record
