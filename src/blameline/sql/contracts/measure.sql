-- What was kept and broken becomes measurements, as of any other signal.
INSERT INTO measurements
SELECT trace_id, signal, NULL, value FROM keeping
