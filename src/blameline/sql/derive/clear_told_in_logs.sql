-- Forget the derived rows of told_in_logs.
DELETE FROM told_in_logs
