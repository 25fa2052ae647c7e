-- The change of one id.
SELECT record FROM changes WHERE change_id = $change_id
