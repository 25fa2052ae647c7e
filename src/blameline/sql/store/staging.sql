-- Where the rows of a plain table wait until their columns are understood.
CREATE OR REPLACE TEMP TABLE staging (
    line BIGINT NOT NULL,
    record MAP(VARCHAR, VARCHAR)
)
