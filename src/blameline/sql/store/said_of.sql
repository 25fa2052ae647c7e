-- The value of one name in two lists that belong together; of a name that comes twice the first.
CREATE OR REPLACE TEMP MACRO said_of(names, said, name) AS said[list_position(names, name)]
