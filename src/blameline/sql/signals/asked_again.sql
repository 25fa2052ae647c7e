-- Share of requests after which nearly the same question came in the same conversation within half an hour.
-- direction: lower
-- unit: share of requests in conversations
-- family: task
-- part: signal
-- reads: facts_of_talks.asked_again
-- needs: a conversation (gen_ai.conversation.id, session.id) and the words of questions (--content redacted or full)
-- bias: an impatient client that sends everything twice counts as an unhappy user; who asks in other words does not
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, asked_again::INTEGER AS value FROM facts_of_talks
