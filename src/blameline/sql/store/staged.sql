-- Whether rows of a plain table wait.
SELECT table_name FROM duckdb_tables() WHERE table_name = 'staging' AND temporary
