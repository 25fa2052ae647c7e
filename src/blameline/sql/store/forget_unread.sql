-- Take back what was said of files that nobody read; a load that sees them again says it anew.
DELETE FROM problems WHERE file_id IN (SELECT unnest($file_ids::BIGINT[]))
