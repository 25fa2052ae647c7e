-- Files of contracts that lay where one of these files lies now: people edit them, and what they wrote last counts.
SELECT DISTINCT old.file_id
FROM places old
JOIN files f ON f.file_id = old.file_id AND f.format = 'contracts'
SEMI JOIN (SELECT path FROM places WHERE list_contains($seen::BIGINT[], file_id)) AS now ON now.path = old.path
WHERE NOT list_contains($seen::BIGINT[], old.file_id)
ORDER BY old.file_id
