-- Forget the derived rows of outer_generations.
DELETE FROM outer_generations
