"""How a case file begins: the settings and words of a session, and a new file that is never half there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from blameline.assets import sql
from blameline.errors import StoreError
from blameline.store.faults import cannot_write

LAYOUT = 6
"""The version of ``sql/schema.sql`` that this program reads and writes."""

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,  # a case file never fetches code
    "autoload_known_extensions": False,
    "python_enable_replacements": False,  # a query never sees the caller's variables
    "memory_limit": "1400MB",  # what is more goes to disk: a load of any size stays below 2 GB
    "max_vacuum_tasks": 0,  # merging what parallel inserts left partly filled is seconds on one thread, for nothing
}
SESSION = "SET TimeZone = 'UTC'; SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0"
"""How far a statement is can be asked; nothing is printed: stdout is the answer."""
MACROS = (
    "has_check_digit", "groups_of", "fours_of", "without_cards", "written_moment", "moment_ns", "score_value", "said_status",
    "said_kind", "sum_of", "said_of", "whole_answer", "also_known", "with_names", "with_said", "first_of_pairs",
    "first_of_each", "says_secret", "is_json", "json_marked", "kept_piece", "rejoined", "redacted", "plain_id", "kept_id",
    "joining_id", "hex_id", "plain_level", "nested_value", "plain_value", "plain_text", "count_of", "is_generation",
    "reason_within", "reason_of", "plain_reason", "finish_of", "worst_finish", "operation_of", "failed_without_answer",
    "level_status", "is_odd", "is_content", "is_old_content", "words_of", "parts_of", "is_called", "is_declined",
    "spoken_in", "message_text", "answer_of", "common_words", "opening_of", "language_by_script", "language_by_words",
    "language_of", "input_tokens_of", "word_of", "span_facts", "redacted_texts", "redacted_values", "kept_map", "kept_names",
    "kept_values", "documents_seen", "span_parts", "scope_names", "scope_said", "version_word", "ruler_of",
    "says_yes", "input_of", "question_of", "says_again", "is_alike", "number_of", "keys_of", "asked_model", "sentences_in",
    "speaks_of", "is_redacted",
)  # fmt: skip
"""Words that the statements under ``sql/sources/`` share."""
READING = ("said_of", "is_generation")
"""Those of them that are of use where nothing is stored; laying out the rest would take longer than most answers."""


def create(path: Path) -> None:
    """Begin a case file elsewhere and put it in its place whole, so that there is never half of one."""
    try:
        with TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            begun = Path(folder) / "new.duckdb"
            connection = duckdb.connect(str(begun), config=SETTINGS)
            connection.begin()  # one write to the disk, and not one a table
            connection.execute(sql("schema"))
            connection.execute(sql("store/set_layout"), {"version": LAYOUT})
            connection.commit()
            connection.close()
            path.with_name(f"{path.name}.wal").unlink(missing_ok=True)  # of a case file that is gone
            with suppress(FileExistsError):  # another process was quicker
                _place(begun, path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}", hint="name another file") from error
    except duckdb.Error as error:
        raise cannot_write(path, error) from error


def _place(begun: Path, path: Path) -> None:
    try:
        path.hardlink_to(begun)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        begun.replace(path)
