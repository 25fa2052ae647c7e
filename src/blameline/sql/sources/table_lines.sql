-- Rows of JSON lines, each with its line number; a line that is no JSON object has no record.
INSERT INTO staging
SELECT line, try_cast(CASE WHEN json_valid(said) THEN said END::JSON AS MAP(VARCHAR, VARCHAR)) AS record
FROM (
    SELECT row_number() OVER () AS line, said
    FROM read_csv(
        $path, columns = {said: 'VARCHAR'}, header = false, auto_detect = false, delim = chr(1), quote = '', escape = '',
        compression = $compression, max_line_size = $object_size, hive_partitioning = false, ignore_errors = $lenient
    )
)
WHERE trim(said) <> ''
