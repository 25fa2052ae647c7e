-- Drop the answers that contracts were held against.
DROP TABLE IF EXISTS answers
