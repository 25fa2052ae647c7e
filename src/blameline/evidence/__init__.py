"""Questions put to each candidate, and what their answers are worth.

In come the shared fit of one shift (``Hearing``) and the rows of each check's own query; out come odds, findings and ledger
lines. A check that cannot tell says so; a crash is never an answer.
"""
