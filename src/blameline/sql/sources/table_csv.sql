-- Rows of a CSV file, each with its line number where no field spans lines; every field as it was written.
INSERT INTO staging
SELECT 1 + row_number() OVER () AS line, try_cast(to_json(given) AS MAP(VARCHAR, VARCHAR)) AS record
FROM read_csv(
    $path, header = true, auto_detect = false, columns = $columns, delim = $delimiter, quote = '"', escape = '"',
    compression = $compression, hive_partitioning = false, ignore_errors = $lenient, max_line_size = $object_size
) AS given
