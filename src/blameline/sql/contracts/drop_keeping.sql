-- Drop what is by now measured.
DROP TABLE IF EXISTS keeping
