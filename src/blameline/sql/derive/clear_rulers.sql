-- Forget the derived rows of rulers.
DELETE FROM rulers
