-- What a call was asked, in whichever dialect it was recorded: messages as JSON, or plain words; NULL where it is not on record.
CREATE OR REPLACE TEMP MACRO input_of(names, said) AS coalesce(
    said_of(names, said, 'gen_ai.input.messages'), said_of(names, said, 'question'), said_of(names, said, 'gen_ai.prompt.0.content'),
    said_of(names, said, 'input.value'), said_of(names, said, 'ai.prompt.messages'), said_of(names, said, 'langfuse.observation.input'),
    said_of(names, said, 'mlflow.spanInputs'), said_of(names, said, 'traceloop.entity.input'), said_of(names, said, 'input')
)
