-- Which attributes carry layer versions and segment values.
SELECT role, layer, attribute, rank FROM roles ORDER BY role, layer, rank, attribute
