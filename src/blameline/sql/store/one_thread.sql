-- Each thread holds its own part of the rows: one needs the least memory.
SET threads = 1
