-- Forget the derived rows of told_above.
DELETE FROM told_above
