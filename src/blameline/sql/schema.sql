-- The case file: one portable DuckDB file that holds what was loaded, what was derived from it, and what we came to believe.
-- Version 6.  History: 1 first layout; 2 attributes as two lists, content apart, facts of answers, alerts, gaps; 3 pieces, logs;
-- 4 facts of requests; 5 behavioural contracts; 6 questions that came again.
-- Every time is a TIMESTAMP in UTC without a zone (TIMESTAMPTZ would need pytz to reach Python); *_ns keeps the nanoseconds
-- that TIMESTAMP (microseconds) drops.

-- One row: which layout this file has.
CREATE TABLE IF NOT EXISTS layout (
    version INTEGER NOT NULL            -- of this schema; a newer file is refused
);

-- One row a file that was looked at.
CREATE TABLE IF NOT EXISTS files (
    file_id     BIGINT NOT NULL,        -- a hash of its bytes and format: the same in every load; one row for each name it had
    source      VARCHAR NOT NULL,       -- path below what was handed in, '/' between parts
    format      VARCHAR NOT NULL,       -- name of the source plug-in, or 'skipped'
    sha256      VARCHAR NOT NULL,       -- of the bytes on disk; a file with a known hash and format is not read again
    bytes       BIGINT  NOT NULL,
    rows        BIGINT  NOT NULL,       -- rows it brought, before duplicates were removed
    read_with   VARCHAR NOT NULL,       -- hash of what the manifest said about reading it
    reason      VARCHAR                 -- why it was skipped
);

-- One row a span, once per (trace_id, span_id). People read the view `spans`, which has the attributes as a map.
CREATE TABLE IF NOT EXISTS span_rows (
    trace_id        VARCHAR NOT NULL,       -- lower-case hex, or the source's own id
    span_id         VARCHAR NOT NULL,
    parent_id       VARCHAR,                -- NULL: a root
    name            VARCHAR,
    op              VARCHAR,                -- chat, retrieval, execute_tool, invoke_agent, embeddings, evaluation …; NULL: not said
    start_at        TIMESTAMP NOT NULL,
    start_ns        BIGINT NOT NULL,
    duration_ms     DOUBLE,                 -- NULL: the end is not known
    status          VARCHAR,                -- 'ok', 'error', NULL
    service         VARCHAR,
    finish          VARCHAR,                -- of a generation: stop, length, content_filter, refusal, tool_calls, error …; NULL: not said
    input_tokens    BIGINT,                 -- those from a cache included, whatever the provider counts
    output_tokens   BIGINT,
    cost_usd        DOUBLE,
    content_state   VARCHAR,                -- of a generation's answer: 'present', 'empty', 'truncated', 'calls' (of tools, no words), 'absent' (not recorded)
    output_chars    BIGINT,                 -- of the answer, as the four below, read before anything was redacted or left out
    output_language VARCHAR,
    output_fenced   BOOLEAN,                -- it holds a code fence
    output_json     BOOLEAN,                -- it is JSON, by itself or in its fence
    output_refused  BOOLEAN,                -- the provider says so, or it begins with the words of a refusal
    names           VARCHAR[] NOT NULL,     -- of the attributes of span, scope and resource, under their own names and the canonical ones
    said            VARCHAR[] NOT NULL,     -- their values, in the same order; lists and maps as JSON
    content_names   VARCHAR[] NOT NULL,     -- of those that hold what people and models wrote; empty with --content none
    content_said    VARCHAR[] NOT NULL,
    file_id         BIGINT NOT NULL,
    line            BIGINT
);

-- The spans, with their attributes as a map; of a name that comes twice the first counts.
CREATE OR REPLACE VIEW spans AS
SELECT
    * EXCLUDE (names, said, content_names, content_said),
    map_from_entries(list_filter(
        list_zip(list_concat(names, content_names), list_concat(said, content_said)),
        lambda pair, i: pair[2] IS NOT NULL AND list_position(list_concat(names, content_names), pair[1]) = i
    )) AS attributes
FROM span_rows;

-- One row a log record that tells a question or an answer of a span; its facts as those of a span that would carry them.
CREATE TABLE IF NOT EXISTS logs (
    trace_id        VARCHAR NOT NULL,
    span_id         VARCHAR NOT NULL,
    logged_ns       BIGINT,                 -- NULL: not said
    finish          VARCHAR,
    input_tokens    BIGINT,
    output_tokens   BIGINT,
    cost_usd        DOUBLE,
    content_state   VARCHAR,                -- 'absent': the record tells no answer
    output_chars    BIGINT,
    output_language VARCHAR,
    output_fenced   BOOLEAN,
    output_json     BOOLEAN,
    output_refused  BOOLEAN,
    names           VARCHAR[] NOT NULL,
    said            VARCHAR[] NOT NULL,
    content_names   VARCHAR[] NOT NULL,
    content_said    VARCHAR[] NOT NULL,
    file_id         BIGINT NOT NULL,
    line            BIGINT
);

-- One row a score: an evaluation result, an annotation, feedback.
CREATE TABLE IF NOT EXISTS scores (
    score_key   VARCHAR NOT NULL,       -- hash of all that identifies it; the same score loaded twice has the same key
    trace_id    VARCHAR,                -- NULL: joined by response_id only
    span_id     VARCHAR,
    response_id VARCHAR,                -- gen_ai.response.id
    name        VARCHAR NOT NULL,
    value       DOUBLE NOT NULL,        -- a label alone is mapped: pass, true, yes, correct → 1; fail, false, no, incorrect → 0
    label       VARCHAR,
    evaluator   VARCHAR,                -- the judge's identity and version, as the attributes of layer 'judge' give it
    scored_at   TIMESTAMP,              -- when the score was recorded; NULL: not said
    attributes  MAP(VARCHAR, VARCHAR) NOT NULL,
    file_id     BIGINT NOT NULL,
    line        BIGINT,
    joined      VARCHAR                 -- what a load found for it: 'trace' or 'trace and span'; NULL: it named its trace itself
);

-- One row a declared change (contract, section 3), its record as JSON; several where files say different things under one id.
CREATE TABLE IF NOT EXISTS changes (
    change_id   VARCHAR NOT NULL,
    took_effect TIMESTAMP NOT NULL,
    kind        VARCHAR NOT NULL,
    layer       VARCHAR NOT NULL,
    recorded_at TIMESTAMP,
    slack       DOUBLE NOT NULL,        -- seconds that took_effect may be off
    record      VARCHAR NOT NULL,       -- records.Change as JSON
    file_id     BIGINT NOT NULL
);

-- One row an eval run (contract, section 4), its record as JSON.
CREATE TABLE IF NOT EXISTS eval_runs (
    run_id      VARCHAR NOT NULL,
    ran_at      TIMESTAMP NOT NULL,
    suite       VARCHAR NOT NULL,
    record      VARCHAR NOT NULL,       -- records.EvalRun as JSON; of an export also what sources/cases.ExportedRun tells
    file_id     BIGINT NOT NULL
);

-- One row a replayed case (contract, section 5).
CREATE TABLE IF NOT EXISTS replays (
    case_id     VARCHAR NOT NULL,
    signal      VARCHAR NOT NULL,
    run         VARCHAR NOT NULL,
    config      MAP(VARCHAR, VARCHAR) NOT NULL,  -- layer → version
    score       DOUBLE NOT NULL,
    file_id     BIGINT NOT NULL
);

-- One row an alert, incident or complaint, its record as JSON.
CREATE TABLE IF NOT EXISTS alerts (
    alert_id    VARCHAR NOT NULL,
    system      VARCHAR NOT NULL,       -- pagerduty, alertmanager …
    raised_at   TIMESTAMP NOT NULL,
    record      VARCHAR NOT NULL,       -- records.Alert as JSON
    file_id     BIGINT NOT NULL
);

-- What files tell of changes, alerts and runs of which others may tell the rest; those are made of all of it after every load.
CREATE TABLE IF NOT EXISTS pieces (
    piece       VARCHAR NOT NULL,       -- JSON, as its source reads it again
    line        BIGINT,
    file_id     BIGINT NOT NULL
);

-- What exports say of themselves: how many rows a file of theirs should have brought.
CREATE TABLE IF NOT EXISTS expectations (
    key         VARCHAR NOT NULL,       -- the file's path as the export names it
    rows        BIGINT NOT NULL,
    file_id     BIGINT NOT NULL         -- the file that says so
);

-- Faults in what was loaded.
CREATE TABLE IF NOT EXISTS problems (
    source      VARCHAR NOT NULL,
    line        BIGINT,
    message     VARCHAR NOT NULL,
    file_id     BIGINT                  -- NULL: said of all files together, and said anew after every load
);

-- Every incident.yaml, as records.Manifest in JSON.
CREATE TABLE IF NOT EXISTS manifests (
    record      VARCHAR NOT NULL,
    file_id     BIGINT NOT NULL
);

-- One row a behavioural contract, by each file that states it.
CREATE TABLE IF NOT EXISTS contracts (
    contract_id VARCHAR NOT NULL,
    record      VARCHAR NOT NULL,       -- JSON: its words, and where it applies (summary, scope, span)
    rule        VARCHAR NOT NULL,       -- JSON: the rest of records.Contract, as it was written: it is what answers are held to
    line        BIGINT,
    file_id     BIGINT NOT NULL
);

-- What holds for the whole case file: 'content' (none, redacted, full), and 'loading' while a load has not ended.
CREATE TABLE IF NOT EXISTS settings (
    key         VARCHAR NOT NULL,
    value       VARCHAR NOT NULL
);

-- Which attribute carries what: derived at the end of every load from the manifest, the standard names and the data.
CREATE TABLE IF NOT EXISTS roles (
    role        VARCHAR NOT NULL,       -- 'layer' or 'segment'
    layer       VARCHAR,                -- for role 'layer'
    attribute   VARCHAR NOT NULL,       -- canonical name
    rank        INTEGER NOT NULL        -- order of trust within the layer, 0 first
);

-- Derived: each distinct combination of layer versions that a trace can carry.
CREATE TABLE IF NOT EXISTS version_sets (
    version_id  INTEGER NOT NULL,
    versions    MAP(VARCHAR, VARCHAR) NOT NULL,  -- '<layer>:<attribute>' → value; absent: no span carried it
    first_seen  TIMESTAMP NOT NULL,
    last_seen   TIMESTAMP NOT NULL,
    traces      BIGINT NOT NULL
);

-- Derived: each distinct combination of segment values.
CREATE TABLE IF NOT EXISTS segment_sets (
    segment_id  INTEGER NOT NULL,
    segment     MAP(VARCHAR, VARCHAR) NOT NULL,  -- attribute → value
    traces      BIGINT NOT NULL
);

-- Derived: one row a trace.
CREATE TABLE IF NOT EXISTS traces (
    trace_id    VARCHAR NOT NULL,
    start_at    TIMESTAMP NOT NULL,     -- of its first span
    version_id  INTEGER NOT NULL,
    segment_id  INTEGER NOT NULL,
    has_root    BOOLEAN NOT NULL
);

-- Derived: one row a trace, signal and judge; without those of other judges that scored an answer again later (rescored).
CREATE TABLE IF NOT EXISTS measurements (
    trace_id    VARCHAR NOT NULL,
    signal      VARCHAR NOT NULL,
    judge       VARCHAR,                -- evaluator version, with what else of the ruler moved; NULL where none is said
    value       DOUBLE NOT NULL         -- mean over the trace's scores of that name and judge
);

-- Derived: what each judge of measurements stands for: its evaluator, and the rubric, scorer or data set beside it.
CREATE TABLE IF NOT EXISTS rulers (
    judge       VARCHAR NOT NULL,
    versions    MAP(VARCHAR, VARCHAR) NOT NULL  -- '<layer>:<attribute>' → value
);

-- Derived: scores of answers that were scored more than once: the same answer again, or a request with the very same words.
CREATE TABLE IF NOT EXISTS rescored (
    item        VARCHAR NOT NULL,       -- of one answer: its trace and span; of words that come again: their hash
    frozen      BOOLEAN NOT NULL,       -- true: requests with the same words, question and answer
    trace_id    VARCHAR NOT NULL,
    signal      VARCHAR NOT NULL,
    judge       VARCHAR,                -- as in measurements
    scored_at   TIMESTAMP NOT NULL,     -- when the score was recorded; where that is not said, when its request began
    value       DOUBLE NOT NULL
);

-- Derived: one row a trace, what its spans tell of it; the signals under sql/signals are read from here. NULL: not told.
CREATE TABLE IF NOT EXISTS facts (
    trace_id        VARCHAR NOT NULL,
    failed          BOOLEAN,            -- its root or, where that says nothing, its last call of a model ended in an error; NULL: an end is unknown
    truncated       BOOLEAN,            -- an answer was cut off by the token limit, and not made again
    refused         BOOLEAN,            -- an answer was refused or filtered, and not asked for again
    answered        BOOLEAN,            -- every call of a model ended with an answer; NULL: an end is unknown
    steps           INTEGER,            -- calls of models, tools and retrievers
    retried         BOOLEAN,            -- an attempt was made again
    rerouted        BOOLEAN,            -- another model took over from the first
    tool_failed     BOOLEAN,            -- a call of a tool failed, and was not made again; NULL: it called none, or no end of one is known
    input_tokens    BIGINT,             -- of all attempts, as the two below
    output_tokens   BIGINT,
    cost_usd        DOUBLE,
    latency_ms      DOUBLE,             -- from its beginning to its end
    first_token_ms  DOUBLE,             -- from the call to the first word of the answer
    output_chars    BIGINT,             -- of the answers
    output_language VARCHAR,            -- of the answers, where they have one
    output_json     BOOLEAN,            -- every whole answer is JSON
    output_fenced   BOOLEAN,            -- an answer is JSON in a code fence; NULL: none is JSON
    regenerated     BOOLEAN,            -- an attribute says that the user asked for another answer
    escalated       BOOLEAN,            -- an attribute says that a human took over
    abandoned       BOOLEAN,            -- an attribute says that the user gave up
    edited          DOUBLE,             -- how far the user edited the answer, as an attribute says it
    talk            VARCHAR             -- the conversation that it is part of
);

-- Derived: one row a trace that looked for documents, where the records hold what was found.
CREATE TABLE IF NOT EXISTS facts_of_documents (
    trace_id        VARCHAR NOT NULL,
    documents       INTEGER NOT NULL,   -- the fewest that one of its searches found
    best_score      DOUBLE,             -- as its store counts
    overlap         DOUBLE              -- of their ids with those that the same question found the time before (Jaccard)
);

-- Derived: one row a trace whose question or answer is on record; nothing with --content none.
CREATE TABLE IF NOT EXISTS facts_of_words (
    trace_id        VARCHAR NOT NULL,
    question_language VARCHAR,
    hedged          BOOLEAN,            -- the answer says that it is not sure; NULL: no words
    cited           BOOLEAN,            -- the answer names a source
    repeated        BOOLEAN             -- the answer says one thing over and over
);

-- Derived: requests whose question came again: nearly nothing with --content none.
CREATE TABLE IF NOT EXISTS questions (
    trace_id        VARCHAR NOT NULL,
    item            VARCHAR NOT NULL    -- a hash of its words, or of the case of a suite that it is
);

-- Derived: one row a trace with an answer that is one JSON object; nothing with --content none.
CREATE TABLE IF NOT EXISTS facts_of_objects (
    trace_id        VARCHAR NOT NULL,
    keys            VARCHAR[] NOT NULL
);

-- Derived: one row a trace that is part of a conversation.
CREATE TABLE IF NOT EXISTS facts_of_talks (
    trace_id        VARCHAR NOT NULL,
    asked_again     BOOLEAN,            -- within half an hour nearly the same question followed; NULL: it cannot be told
    unanswered      BOOLEAN,            -- the conversation ended here without an answer; NULL: it went on, or the end is unknown
    task_cost_usd   DOUBLE              -- of the whole conversation, where it ended here with an answer
);

-- Derived: what was usual in the first quarter of the window, by segment, where there were twenty requests to say so.
CREATE TABLE IF NOT EXISTS usual (
    segment_id      INTEGER NOT NULL,
    json            DOUBLE,             -- share of the answers that were JSON
    language        VARCHAR,            -- of most answers
    documents       DOUBLE,             -- median number of documents
    keys            VARCHAR[]           -- that 95% of the JSON objects had
);

-- The blame ledger: an append-only chain of entries.
CREATE TABLE IF NOT EXISTS entries (
    position    INTEGER PRIMARY KEY,
    id          VARCHAR NOT NULL,       -- 'b2:' + blake2b of the canonical JSON of (parent, at, by, kind, body)
    parent      VARCHAR,
    written_at  TIMESTAMP NOT NULL,
    by_whom     VARCHAR NOT NULL,
    kind        VARCHAR NOT NULL,
    body        VARCHAR NOT NULL        -- canonical JSON
);

-- Derived: spans of generations that have another generation below them: the same call told by a second instrumentation, or
-- an agent that sums up its calls. What they used is counted below them.
CREATE TABLE IF NOT EXISTS outer_generations (
    trace_id    VARCHAR NOT NULL,
    span_id     VARCHAR NOT NULL
);

-- Derived: what the generations above a call tell of it, where each leads to no other call; NULL: nothing.
CREATE TABLE IF NOT EXISTS told_above (
    trace_id        VARCHAR NOT NULL,
    span_id         VARCHAR NOT NULL,       -- of the call
    input_tokens    BIGINT,
    output_tokens   BIGINT,
    cost_usd        DOUBLE,
    finish          VARCHAR
);

-- Derived: what log records tell of generations; of their answers only where the span has none.
CREATE TABLE IF NOT EXISTS told_in_logs (
    trace_id        VARCHAR NOT NULL,
    span_id         VARCHAR NOT NULL,
    input_tokens    BIGINT,
    output_tokens   BIGINT,
    cost_usd        DOUBLE,
    finish          VARCHAR,
    content_state   VARCHAR,                -- NULL, as the five below: the span tells it itself, or nobody does
    output_chars    BIGINT,
    output_language VARCHAR,
    output_fenced   BOOLEAN,
    output_json     BOOLEAN,
    output_refused  BOOLEAN
);

-- Derived: attempts that failed and were made again by a sibling: costs of their own, and the same request.
CREATE TABLE IF NOT EXISTS retried (
    trace_id    VARCHAR NOT NULL,
    span_id     VARCHAR NOT NULL
);

-- The calls of models, each once: those that have no other below them. An agent or workflow that tells tokens, and nothing of
-- its calls, stands for them; and what a call does not tell is taken from its log records, or else from the generation above it that
-- leads to no other.
CREATE OR REPLACE VIEW generations AS
SELECT
    s.trace_id,
    s.span_id,
    s.parent_id,
    s.start_at,
    s.duration_ms,                                       -- NULL: the end is not known, as of a timeout
    s.op,
    coalesce(
        s.said[list_position(s.names, 'gen_ai.response.model')], s.said[list_position(s.names, 'gen_ai.request.model')]
    ) AS model,                                          -- that served; the one that was asked for where no other is told
    coalesce(s.input_tokens, l.input_tokens, u.input_tokens) AS input_tokens,
    coalesce(s.output_tokens, l.output_tokens, u.output_tokens) AS output_tokens,
    coalesce(s.cost_usd, l.cost_usd, u.cost_usd) AS cost_usd,
    coalesce(s.finish, l.finish, u.finish) AS finish,
    s.status,
    CASE                                                 -- only an answer is a success
        WHEN coalesce(s.finish, l.finish, u.finish) = 'content_filter' THEN 'filtered'
        WHEN coalesce(s.finish, l.finish, u.finish) = 'refusal' THEN 'refused'
        WHEN s.status = 'error' OR coalesce(s.finish, l.finish, u.finish) = 'error' THEN 'failed'
        WHEN coalesce(s.finish, l.finish, u.finish) = 'length' THEN 'cut'
        WHEN coalesce(s.output_refused, l.output_refused) THEN 'refused'
        WHEN coalesce(s.finish, l.finish, u.finish) IS NOT NULL OR s.status = 'ok' OR coalesce(s.output_tokens, l.output_tokens, u.output_tokens) > 0 OR coalesce(l.content_state, s.content_state) IN ('present', 'truncated', 'calls')
            THEN 'answered'
        ELSE 'unknown'
    END AS ended,
    coalesce(l.content_state, s.content_state) AS content_state,
    coalesce(s.output_chars, l.output_chars) AS output_chars,
    coalesce(s.output_language, l.output_language) AS output_language,
    coalesce(s.output_fenced, l.output_fenced) AS output_fenced,
    coalesce(s.output_json, l.output_json) AS output_json,
    coalesce(s.output_refused, l.output_refused) AS output_refused,
    r.span_id IS NOT NULL AS retried                     -- the request was made again, and ended as its last attempt did
FROM span_rows s
ANTI JOIN outer_generations o ON o.trace_id = s.trace_id AND o.span_id = s.span_id
LEFT JOIN told_above u ON u.trace_id = s.trace_id AND u.span_id = s.span_id
LEFT JOIN told_in_logs l ON l.trace_id = s.trace_id AND l.span_id = s.span_id
LEFT JOIN retried r ON r.trace_id = s.trace_id AND r.span_id = s.span_id
WHERE s.op IN ('chat', 'text_completion', 'generate_content', 'fetch_response')
    OR (s.output_tokens IS NOT NULL AND coalesce(s.op IN ('invoke_agent', 'workflow', 'task'), TRUE));

-- Derived: what the data does not hold, the worst first.
CREATE TABLE IF NOT EXISTS gaps (
    place       INTEGER NOT NULL,       -- 0 for the worst
    kind        VARCHAR NOT NULL,       -- records.GapKind
    what        VARCHAR NOT NULL,       -- one sentence with the numbers
    source      VARCHAR,                -- the file or format that it is about; NULL: all
    n           BIGINT NOT NULL,        -- how many are missing, wrong or marked
    whole       BIGINT,                 -- of how many
    since       TIMESTAMP,
    until       TIMESTAMP,
    unanswerable VARCHAR NOT NULL       -- which questions have no answer because of it
);

-- Where files lay, seen from the folder of the case file: a manifest that comes late has them read again.
CREATE TABLE IF NOT EXISTS places (
    file_id     BIGINT NOT NULL,
    path        VARCHAR NOT NULL
);
