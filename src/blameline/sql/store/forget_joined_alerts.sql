-- Take back the alerts that were made of pieces: they are made anew of all that is there.
DELETE FROM alerts WHERE file_id IN (SELECT file_id FROM pieces)
