-- Rows of a Parquet file, each with its row number.
INSERT INTO staging
SELECT row_number() OVER () AS line, try_cast(to_json(given) AS MAP(VARCHAR, VARCHAR)) AS record
FROM read_parquet($path, hive_partitioning = false) AS given
