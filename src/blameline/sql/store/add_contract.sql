-- Keep the contracts of one file.
INSERT INTO contracts
SELECT unnest($contract_id::VARCHAR[]), unnest($record::VARCHAR[]), unnest($rule::VARCHAR[]), unnest($line::BIGINT[]), $file_id
