-- Note the files that were read together.
INSERT INTO files
SELECT
    unnest($file_ids::BIGINT[]), unnest($sources::VARCHAR[]), unnest($formats::VARCHAR[]), unnest($hashes::VARCHAR[]), unnest($sizes::BIGINT[]),
    unnest($rows::BIGINT[]), unnest($read_with::VARCHAR[]), NULL
