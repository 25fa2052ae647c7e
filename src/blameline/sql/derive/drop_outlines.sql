-- Make room for the outlines of this derivation.
DROP TABLE IF EXISTS outlines
