-- Forget the gaps of the last load.
DELETE FROM gaps
