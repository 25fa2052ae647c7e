-- Make room for the links of this derivation.
DROP TABLE IF EXISTS links
