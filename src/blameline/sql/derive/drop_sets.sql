-- Make room for the sets of this derivation.
DROP TABLE IF EXISTS sets
