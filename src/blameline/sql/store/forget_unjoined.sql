-- Take back what was said of scores without a trace; it is said anew after every load.
DELETE FROM problems WHERE message LIKE '% scores belong to no trace that was loaded'
