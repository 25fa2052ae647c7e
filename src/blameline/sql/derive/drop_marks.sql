-- Make room for the marks of this derivation.
DROP TABLE IF EXISTS marks
