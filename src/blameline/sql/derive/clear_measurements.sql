-- Forget the derived rows of measurements.
DELETE FROM measurements
