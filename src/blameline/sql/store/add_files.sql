-- Note the files that were read together.
INSERT INTO files
SELECT file_id, redacted(source), format, sha256, bytes, rows, read_with, NULL
FROM (
    SELECT
        unnest($file_ids::BIGINT[]) AS file_id, unnest($sources::VARCHAR[]) AS source, unnest($formats::VARCHAR[]) AS format,
        unnest($hashes::VARCHAR[]) AS sha256, unnest($sizes::BIGINT[]) AS bytes, unnest($rows::BIGINT[]) AS rows,
        unnest($read_with::VARCHAR[]) AS read_with
)
