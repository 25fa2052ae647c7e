-- Every declared change, by the time it took effect.
SELECT record FROM changes ORDER BY took_effect, change_id
