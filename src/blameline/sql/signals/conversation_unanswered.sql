-- Share of the conversations that ended without an answer: it failed, was refused or was cut off, and nobody went on.
-- direction: lower
-- unit: share of conversations
-- family: task
-- part: context
-- reads: facts_of_talks.unanswered
-- needs: a conversation (gen_ai.conversation.id, session.id) and how its calls ended
-- bias: who leaves content and who leaves in anger look the same after an answer, so only ends without one count; whatever makes requests fail or be refused moves it too
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, unanswered::INTEGER AS value FROM facts_of_talks
