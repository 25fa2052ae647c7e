-- Drop the requests that a contract is about.
DROP TABLE IF EXISTS in_scope
