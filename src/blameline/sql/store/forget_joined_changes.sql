-- Take back the changes that were made of pieces: they are made anew of all that is there.
DELETE FROM changes WHERE file_id IN (SELECT file_id FROM pieces)
