-- Take back that files were passed over; a load that sees them again says it anew.
DELETE FROM files WHERE format = 'skipped' AND file_id IN (SELECT unnest($file_ids::BIGINT[]))
