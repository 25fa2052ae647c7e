-- Every file that was looked at; of the names of the same bytes the first is the file, and the others are told.
SELECT
    file_id, source, bytes, rows, sha256,
    CASE WHEN format = 'skipped' OR place = 1 THEN format ELSE 'skipped' END AS format,
    CASE WHEN format = 'skipped' OR place = 1 THEN reason ELSE 'the same bytes as ' || first_name END AS reason
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY file_id ORDER BY source) AS place,
        min(source) OVER (PARTITION BY file_id) AS first_name
    FROM files
)
ORDER BY source, format, file_id
