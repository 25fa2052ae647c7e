-- One name for all of the ruler that gave a score: its evaluator, and what it says under these names. NULL where it says nothing.
CREATE OR REPLACE TEMP MACRO ruler_of(evaluator, attributes, names) AS CASE WHEN len(names) = 0 THEN evaluator ELSE nullif(array_to_string(
    list_concat([evaluator], list_transform(names, lambda name: name || '=' || version_word(attributes[name]))), ', '
), '') END
