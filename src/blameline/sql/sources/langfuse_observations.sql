-- Spans of Langfuse's enriched observations as JSON lines: what langfuse_fields.py makes of a row, for all rows at once.
INSERT INTO span_rows
WITH read AS (
    SELECT
        *, upper("type") AS kind, nullif(provided_model_name, '') AS model, upper(level) = 'ERROR' AS failed,
        moment_ns(start_time) AS start_ns,
        CASE WHEN cardinality(usage_details) > 0 THEN map_entries(usage_details) END AS used,
        list_sum(list_transform(used, lambda e: CASE WHEN contains(lower(e.key), 'input') THEN try_cast(e.value AS BIGINT) END)) AS tokens_in,
        list_sum(list_transform(used, lambda e: CASE WHEN contains(lower(e.key), 'output') THEN try_cast(e.value AS BIGINT) END)) AS tokens_out,
        TRY_CAST(TRY_CAST(nullif(model_parameters, '') AS JSON) AS MAP(VARCHAR, VARCHAR)) AS parameters,
        map_keys(metadata) AS keys
    FROM read_json(
        $path,
        columns = {
            id: 'VARCHAR', trace_id: 'VARCHAR', project_id: 'VARCHAR', parent_observation_id: 'VARCHAR', "type": 'VARCHAR', start_time: 'VARCHAR',
            end_time: 'VARCHAR', "name": 'VARCHAR', level: 'VARCHAR', status_message: 'VARCHAR', version: 'VARCHAR', environment: 'VARCHAR',
            bookmarked: 'VARCHAR', public: 'VARCHAR', user_id: 'VARCHAR', session_id: 'VARCHAR', is_root_observation: 'VARCHAR',
            completion_start_time: 'VARCHAR', created_at: 'VARCHAR', updated_at: 'VARCHAR', "input": 'VARCHAR', "output": 'VARCHAR',
            metadata: 'MAP(VARCHAR, VARCHAR)', provided_model_name: 'VARCHAR', model_id: 'VARCHAR', model_parameters: 'VARCHAR',
            usage_details: 'MAP(VARCHAR, VARCHAR)', cost_details: 'MAP(VARCHAR, VARCHAR)', total_cost: 'VARCHAR', usage_pricing_tier_id: 'VARCHAR',
            usage_pricing_tier_name: 'VARCHAR', prompt_id: 'VARCHAR', prompt_name: 'VARCHAR', prompt_version: 'VARCHAR', latency: 'VARCHAR',
            time_to_first_token: 'VARCHAR', tags: 'VARCHAR', "release": 'VARCHAR', trace_name: 'VARCHAR', tool_definitions: 'VARCHAR',
            tool_calls: 'VARCHAR', tool_call_names: 'VARCHAR', input_price: 'VARCHAR', output_price: 'VARCHAR', total_price: 'VARCHAR'
        },
        format = 'newline_delimited', compression = $compression, maximum_object_size = $object_size, hive_partitioning = false,
        sample_size = 1, maximum_sample_files = 1
    )
),
own AS (
    SELECT
        *,
        list_has_any(keys, ['attributes', 'resourceAttributes', 'scope']) AS nested,
        regexp_matches(array_to_string(keys, ' '), '(?:^| )(?:attributes\.|resourceAttributes\.|gen_ai\.|openai\.)') AS carried,
        regexp_matches(array_to_string(keys, ' '), $telling) AS telling,
        [
            'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.usage.total_tokens', 'gen_ai.usage.cache_read.input_tokens',
            'gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.cost', 'gen_ai.prompt.name',
            'gen_ai.prompt.version', 'user.id', 'session.id', 'deployment.environment.name', 'tag.tags',
            'langfuse.project_id', 'langfuse.level', 'langfuse.version', 'langfuse.bookmarked', 'langfuse.public',
            'langfuse.is_root_observation', 'langfuse.completion_start_time', 'langfuse.created_at', 'langfuse.updated_at',
            'langfuse.provided_model_name', 'langfuse.model_id', 'langfuse.total_cost', 'langfuse.usage_pricing_tier_id',
            'langfuse.usage_pricing_tier_name', 'langfuse.prompt_id', 'langfuse.latency', 'langfuse.time_to_first_token', 'langfuse.trace_release',
            'langfuse.trace_name', 'langfuse.tool_call_names', 'langfuse.input_price', 'langfuse.output_price',
            'langfuse.total_price', 'langfuse.type', 'langfuse.model_parameters'
        ] AS own_names,
        [
            tokens_in::VARCHAR, tokens_out::VARCHAR, try_cast(usage_details['total'] AS BIGINT)::VARCHAR,
            list_sum(list_transform(used, lambda e: CASE WHEN list_contains($cache_read, e.key) THEN try_cast(e.value AS BIGINT) END))::VARCHAR,
            list_sum(list_transform(used, lambda e: CASE WHEN list_contains($cache_write, e.key) THEN try_cast(e.value AS BIGINT) END))::VARCHAR,
            list_sum(list_transform(used, lambda e: CASE WHEN list_contains($reasoning, e.key) THEN try_cast(e.value AS BIGINT) END))::VARCHAR,
            CASE
                WHEN try_cast(total_cost AS DOUBLE) <> 0 THEN total_cost
                ELSE coalesce(cost_details['total'], list_sum(list_transform(map_values(cost_details), lambda cost: try_cast(cost AS DOUBLE)))::VARCHAR)
            END,
            nullif(prompt_name, ''), nullif(prompt_version, ''), nullif(user_id, ''), nullif(session_id, ''), nullif(environment, ''),
            nullif(tags, '[]'), nullif(project_id, ''), nullif(level, ''),
            nullif(version, ''), bookmarked, public, is_root_observation, completion_start_time, created_at, updated_at, model,
            nullif(model_id, ''), total_cost, usage_pricing_tier_id, usage_pricing_tier_name, nullif(prompt_id, ''), latency, time_to_first_token,
            nullif("release", ''), nullif(trace_name, ''), nullif(tool_call_names, '[]'), input_price, output_price,
            total_price, nullif("type", ''), CASE WHEN parameters IS NULL THEN nullif(model_parameters, '') END
        ] AS own_said,
        [
            nullif("input", ''), CASE WHEN "output" <> '' OR (kind = 'GENERATION' AND tokens_out = 0) THEN "output" END,
            nullif(tool_definitions, '{}'), nullif(status_message, ''), nullif(tool_calls, '[]')
        ] AS wordy_said
    FROM read
),
-- what the user attached, and what an OpenTelemetry span carried under its own names again
attached AS (
    SELECT
        * EXCLUDE (keys),
        CASE
            WHEN nested THEN error('metadata that is nested is read row by row')
            WHEN carried THEN list_transform(
                list_transform(keys, lambda key: CASE
                    WHEN starts_with(key, 'attributes.') THEN key[12:]
                    WHEN starts_with(key, 'resourceAttributes.') THEN key[20:]
                    WHEN starts_with(key, 'scope.') OR starts_with(key, 'gen_ai.') OR starts_with(key, 'openai.') THEN key
                    ELSE 'metadata.' || key
                END),
                lambda name, i: CASE
                    WHEN list_concat(own_said, wordy_said)[list_position(list_concat(own_names, $wordy::VARCHAR[]), name)] <> map_values(metadata)[i] THEN 'metadata.' || name
                    ELSE name
                END
            )
            ELSE list_transform(keys, lambda key: CASE WHEN starts_with(key, 'scope.') THEN key ELSE 'metadata.' || key END)
        END AS keys,
        CASE WHEN telling THEN coalesce(nullif(metadata['requested_model'], ''), nullif(metadata['request_model'], ''), nullif(metadata['ls_model_name'], '')) END
            AS requested,
        CASE WHEN telling THEN coalesce(nullif(metadata['finish_reason'], ''), nullif(metadata['stop_reason'], '')) END AS reason
    FROM own
),
-- the ids and scores of what a retriever found, where all of it is objects
retrieved AS (
    SELECT
        *,
        CASE WHEN len(list_filter(documents, lambda one: json_type(one) <> 'OBJECT')) = 0 THEN
            nullif(to_json(list_transform(
                list_filter(
                    list_transform(documents, lambda one: {
                        id: coalesce(one ->> '$.id', one ->> '$.document_id', one ->> '$.doc_id', one ->> '$.source', one ->> '$.metadata.id',
                            one ->> '$.metadata.document_id', one ->> '$.metadata.doc_id', one ->> '$.metadata.source'),
                        score: coalesce(one -> '$.score', one -> '$.relevance_score', one -> '$.metadata.score', one -> '$.metadata.relevance_score')
                    }),
                    lambda one: one.id IS NOT NULL
                ),
                lambda one: json_merge_patch('{}'::JSON, to_json(one))
            ))::VARCHAR, '[]')
        END AS found
    FROM (
        SELECT *, CASE WHEN kind = 'RETRIEVER' AND (contains("output", 'id"') OR contains("output", '"source"')) AND json_valid("output") THEN
            json_extract(
                CASE json_type("output") WHEN 'ARRAY' THEN "output" ELSE coalesce("output" -> '$.documents', "output" -> '$.results') END, '$[*]'
            )
        END AS documents
        FROM attached
    )
),
told AS (
    SELECT
        *,
        list_concat(
            own_names,
            list_transform(map_keys(usage_details), lambda key: 'langfuse.usage_details.' || key),
            list_transform(map_keys(cost_details), lambda key: 'langfuse.cost_details.' || key),
            list_transform(map_keys(parameters), lambda key: coalesce($parameters[key], 'langfuse.model_parameters.' || key)),
            keys,
            CASE WHEN telling THEN ['gen_ai.request.model', 'openai.response.system_fingerprint', 'gen_ai.response.id', 'gen_ai.response.finish_reasons'] END,
            [
                'gen_ai.operation.name', 'gen_ai.response.model', 'gen_ai.tool.name', 'gen_ai.retrieval.documents', 'service.version',
                'gen_ai.response.time_to_first_chunk', 'error.type'
            ]
        ) AS names,
        list_concat(map_keys(usage_details), map_keys(cost_details), map_keys(parameters), keys) AS theirs,
        list_concat(
            own_said,
            map_values(usage_details),
            map_values(cost_details),
            map_values(parameters),
            map_values(metadata),
            CASE WHEN telling THEN [
                requested, nullif(metadata['system_fingerprint'], ''), nullif(metadata['response_id'], ''),
                CASE WHEN reason IS NULL OR reason[1] = '[' THEN reason ELSE to_json([reason])::VARCHAR END
            ] END,
            [
                $operations[kind],
                CASE
                    WHEN failed AND coalesce("output", '') = '' AND coalesce(tokens_out, 0) = 0 THEN NULL
                    WHEN model = parameters['model'] OR model = requested THEN NULL
                    WHEN carried AND (
                        list_has_any(keys, $served)
                        OR list_bool_or(list_transform(keys, lambda key, i: list_contains($asked, key) AND map_values(metadata)[i] = model))
                    ) THEN NULL
                    ELSE model
                END,
                CASE WHEN kind = 'TOOL' THEN nullif("name", '') END,
                found,
                coalesce(nullif("release", ''), nullif(version, '')),
                CASE WHEN moment_ns(completion_start_time) >= start_ns THEN ((moment_ns(completion_start_time) - start_ns) / 1e9)::VARCHAR END,
                CASE WHEN failed THEN coalesce(nullif(regexp_extract(status_message, $fault, 1), ''), '_OTHER') END
            ]
        ) AS said
    FROM retrieved
),
-- facts first, what people and models wrote last
filled AS (
    SELECT
        * EXCLUDE (names, said),
        list_where(names, told) AS facts,
        list_concat(list_where(names, told), list_where($wordy::VARCHAR[], wordy)) AS names,
        list_concat(list_where(said, told), list_where(wordy_said, wordy)) AS said
    FROM (
        SELECT
            *,
            list_transform(said, lambda value: value IS NOT NULL) AS told,
            list_transform(wordy_said, lambda value: value IS NOT NULL) AS wordy
        FROM told
    )
),
-- from here on as in rows_spans.sql
known AS (
    SELECT
        *,
        CASE WHEN odd THEN also_known(names, said, $aliases::JSON::MAP(VARCHAR, STRUCT(r INTEGER, c VARCHAR, p VARCHAR, f BOOLEAN)[]), failed_without_answer(CASE WHEN failed THEN 'error' END, names, said)) END AS added
    FROM (SELECT *, is_odd(theirs, $older) AS odd FROM filled)
),
whole AS (
    SELECT * EXCLUDE (names, said), with_names(names, added) AS names, with_said(said, added) AS said
    FROM known
),
shown AS (
    SELECT
        *,
        redacted_values(odd, names, said, words) AS clean,
        CASE
            WHEN odd THEN list_transform(names, lambda name: is_old_content(name))
            WHEN carried THEN list_transform(names, lambda name: is_content(name))
        END AS mask
    FROM (
        SELECT
            *,
            operation_of(names, said) AS op,
            [nullif("name", ''), op, said_of(names, said, 'service.name'), trace_id, id, parent_observation_id] AS words
        FROM whole
    )
),
answered AS (
    SELECT * REPLACE (coalesce(clean[-6:], words) AS words), opening_of(answer) AS opening
    FROM (
        SELECT *, message_text(recorded) AS answer
        FROM (SELECT *, answer_of(op, names, said) AS recorded FROM shown)
    )
)
SELECT
    coalesce(hex_id(kept_id(trace_id, words[4])), error('a row has no trace id')) AS trace_id,
    coalesce(hex_id(kept_id(id, words[5])), error('a row has no id')) AS span_id,
    hex_id(kept_id(parent_observation_id, words[6])) AS parent_id,
    words[1] AS name,
    words[2] AS op,
    make_timestamp(start_ns // 1000) AS start_at,
    coalesce(start_ns, error('a row has no usable start time')) AS start_ns,
    (moment_ns(end_time) - start_ns) / 1e6 AS duration_ms,
    CASE WHEN failed THEN 'error' END AS status,
    words[3] AS service,
    unnest(span_facts(op, names, said, recorded, answer, opening)),
    unnest(CASE
        WHEN odd OR carried THEN span_parts(odd, names, said, clean, mask)
        ELSE {
            names: facts,
            said: kept_values(said, clean)[:len(facts)],
            content_names: CASE WHEN getvariable('protection').content THEN names[len(facts) + 1:] ELSE [] END,
            content_said: CASE WHEN getvariable('protection').content THEN kept_values(said, clean)[len(facts) + 1:] ELSE [] END
        }
    END),
    $file_id AS file_id,
    NULL AS line
FROM answered
