-- Where each request and contract goes before it is a measurement: 1 it was kept, 0 it was broken.
CREATE OR REPLACE TEMP TABLE keeping (trace_id VARCHAR NOT NULL, signal VARCHAR NOT NULL, value INTEGER NOT NULL)
