-- Forget the derived rows of rescored.
DELETE FROM rescored
