-- Forget the derived rows of traces.
DELETE FROM traces
