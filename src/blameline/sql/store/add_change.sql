-- Keep the changes of one file.
INSERT INTO changes
SELECT
    unnest($change_id::VARCHAR[]), unnest($took_effect::TIMESTAMP[]), unnest($kind::VARCHAR[]), unnest($layer::VARCHAR[]),
    unnest($recorded::TIMESTAMP[]), unnest($slack::DOUBLE[]), unnest($record::VARCHAR[]), $file_id
