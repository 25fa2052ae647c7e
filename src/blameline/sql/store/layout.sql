-- Which layout the file has.
SELECT version FROM layout
