-- Rows of a JSON list, each with its place in the list.
INSERT INTO staging
SELECT row_number() OVER () AS line, try_cast(json AS MAP(VARCHAR, VARCHAR)) AS record
FROM read_json_objects(
    $path, format = 'array', compression = $compression, maximum_object_size = $object_size, hive_partitioning = false,
    ignore_errors = $lenient
)
