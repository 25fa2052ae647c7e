-- How many sentences a text has: a mark that ends one and a blank or the end of the text behind it, a CJK mark, or a line break; a part with
-- neither letters nor digits is none, and common abbreviations do not end one.
CREATE OR REPLACE TEMP MACRO sentences_in(said) AS len(list_filter(
    regexp_split_to_array(
        regexp_replace(said, '(?i)\b(e\.g|i\.e|z\.b|d\.h|p\.ex|vs|dr|mr|mrs|prof|approx)\.', '\1', 'g'),
        '[.!?…]+["”’''»)\]*_]*(?:\s+|$)|[。！？]+|\s*\n\s*'
    ),
    lambda part: regexp_matches(part, '[\p{L}\p{N}]')
))
