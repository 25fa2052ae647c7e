-- Take back the faults of one file.
DELETE FROM problems WHERE source = $source
