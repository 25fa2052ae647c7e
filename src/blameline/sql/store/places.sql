-- Where the files lay, seen from the folder of the case file: a manifest that comes late has them read again.
CREATE TABLE IF NOT EXISTS places (
    file_id     BIGINT NOT NULL,
    path        VARCHAR NOT NULL
)
