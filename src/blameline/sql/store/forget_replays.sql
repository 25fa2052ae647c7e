-- Take back what one file brought: replays.
DELETE FROM replays WHERE file_id = $file_id
