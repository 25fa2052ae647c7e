-- Take back the eval runs that were made of pieces: they are made anew of all that is there.
DELETE FROM eval_runs WHERE file_id IN (SELECT file_id FROM pieces)
