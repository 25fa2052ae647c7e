-- Say which layout the file has.
INSERT INTO layout VALUES ($version)
