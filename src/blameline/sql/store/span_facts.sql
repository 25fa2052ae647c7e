-- What later questions need of a span, read before anything is redacted: how it finished, what it used, and the shape of its answer.
CREATE OR REPLACE TEMP MACRO span_facts(op, names, said, recorded, answer, opening) AS {
    finish: finish_of(reason_of(names, said)),
    input_tokens: input_tokens_of(names, said),
    output_tokens: count_of(said_of(names, said, 'gen_ai.usage.output_tokens')),
    cost_usd: try_cast(said_of(names, said, 'gen_ai.usage.cost') AS DOUBLE),
    content_state: CASE
        WHEN NOT is_generation(op) THEN NULL
        WHEN recorded IS NULL THEN 'absent'
        WHEN answer IS NULL THEN 'calls'
        WHEN answer = '' THEN 'empty'
        WHEN answer[1] IN ('[', '{') AND strlen(answer) >= 1000 AND NOT json_valid(answer) THEN 'truncated'
        ELSE 'present'
    END,
    output_chars: length(answer),
    output_language: language_of(answer, opening),
    output_fenced: contains(answer, '```'),
    output_json: CASE
        WHEN answer IS NULL THEN NULL
        WHEN ltrim(left(answer, 40))[1] IN ('[', '{') THEN json_valid(answer)
        WHEN contains(answer, '```') THEN coalesce(json_valid(regexp_extract(answer, '```(?:json)?\s*([\[{](?s:.*?))```', 1)), FALSE)
        ELSE FALSE
    END,
    output_refused: regexp_matches(
        left(answer, 240),
        '(?i)\b(i[''’]?m sorry,? but|i (can[''’]?t|cannot|can not|am unable to|am not able to|won[''’]?t) (help|assist|do|provide|answer|comply|fulfil|create|discuss)'
        || '|as an ai( language model)?,? i)'
    )
}
