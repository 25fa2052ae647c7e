-- Take back what was said of all files together; it is said anew after every load.
DELETE FROM problems WHERE file_id IS NULL
