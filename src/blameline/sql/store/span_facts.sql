-- What later questions need of a span, read before anything is redacted: how it finished, what it used, and the shape of its answer.
CREATE OR REPLACE TEMP MACRO span_facts(op, names, said, recorded, answer, opening) AS {
    finish: CASE said_of(names, said, 'gen_ai.response.finish_reasons')
        WHEN '["stop"]' THEN 'stop'  -- nearly always
        ELSE list_transform([worst_finish(reason_of(op, names, said))], lambda finish: word_of(finish))[1]
    END,
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
        WHEN ltrim(left(answer, 40), chr(32) || chr(9) || chr(10) || chr(13))[1] IN ('[', '{') THEN json_valid(answer)
        WHEN contains(answer, '```') THEN coalesce(json_valid(regexp_extract(answer, '```(?:(?i:json))?\s*([\[{](?s:.*?))```', 1)), FALSE)
        ELSE FALSE
    END,
    output_refused: is_declined(recorded) OR regexp_matches(
        answer,
        '(?i)^[\s"“*]*(?:(?:i[''’]?m |i am )?(?:very |so )?sorry[,.;:!]? *(?:but )?|unfortunately,? |i apologi[sz]e,? *(?:but )?|apologies,? *(?:but )?)*'
        || '(?:i (?:can[''’]?t|cannot|can not|won[''’]?t|will not|must decline|(?:am|won[''’]?t be|will not be) (?:unable|able|not able) to)|i[''’]?m (?:unable|not able|not allowed) to|as an ai\b)'
        || '|^[\s"“*]*es tut mir leid,? (?:aber )?(?:dabei|das|ich) kann |^[\s"“*]*(?:je suis désolée?|désolée?),? mais je ne (?:peux|suis)|^[\s"“*]*lo (?:siento|lamento),? (?:pero )?no puedo'
        || '|^[\s"“*]*(?:mi dispiace|desculpe|sinto muito),? (?:ma |mas )?(?:non posso|não posso)'
    )
}
