-- Done with the rows of a plain table.
DROP TABLE IF EXISTS temp.staging
