"""Data shows as plain text in Markdown, and does nothing there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from blameline.report.escape import WORD_JOINER, Safe, clean, code, codes, fence, inline, label, say, segment

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = st.text(
    st.sampled_from(list("`*_[]()<>|~$\\#-+=:.!&;@{}%'\"/ \t\n\r\x1b\x9b\u202e\u200b0123aB4ü漢wW")), max_size=40
)
ANY = st.one_of(st.text(max_size=60), SIGNS)
PLACES = ("{}", "- {}", "# {}", "> {}", "1. {}", "before {} after", "**x** {}", "| a | b |\n|---|---|\n| {} | y |")
PLAIN = {"text", "text_special", "softbreak"}


def shown(source: str) -> tuple[list[str], str]:
    """The kinds of inline tokens, and the text that a reader sees of them."""
    inlines = [token for token in MARKDOWN.parse(source) if token.type == "inline"]
    kinds = [child.type for token in inlines for child in token.children or []]
    return kinds, "\n".join("".join(child.content for child in token.children or []) for token in inlines)


@pytest.mark.parametrize("place", PLACES)
@given(text=ANY)
def test_text_shows_letter_by_letter(place: str, text: str) -> None:
    source = place.replace("{}", inline(text))
    kinds, seen = shown(source)
    wanted = [token.type for token in MARKDOWN.parse(place.replace("{}", "word" if clean(text) else ""))]
    assert [token.type for token in MARKDOWN.parse(source)] == wanted
    assert set(kinds) <= PLAIN | {"strong_open", "strong_close"}
    assert clean(text) in seen.replace(WORD_JOINER, "")


@pytest.mark.parametrize("place", PLACES)
@given(text=ANY)
def test_an_identifier_is_one_span_or_plain_text(place: str, text: str) -> None:
    kinds, seen = shown(place.replace("{}", code(text)))
    assert set(kinds) <= PLAIN | {"code_inline", "strong_open", "strong_close"}
    assert clean(text) in seen.replace(WORD_JOINER, "")


@given(text=ANY)
def test_no_hidden_or_control_character_is_left(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]", inline(text))


@given(text=ANY)
def test_no_bare_address_is_left_for_github_to_link(text: str) -> None:
    assert not re.search(r"(?<!\\)://|(?i:www)\.|@\w", inline(text))


@given(text=ANY)
def test_nothing_ends_a_block_from_inside(text: str) -> None:
    tokens = MARKDOWN.parse(f"before\n\n{fence(text, info='diff')}\n\nafter")
    assert [token.type for token in tokens if token.type == "fence"] == ["fence"]
    assert len([token for token in tokens if token.type == "inline"]) == 2


@given(text=ANY)
def test_a_label_has_no_sign_of_mermaid(text: str) -> None:
    assert re.fullmatch(r"[\w ./…-]*", label(text))
    assert "--" not in label(text).replace("---", "--") or len(label(text)) <= 48


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("answer_correct went to 0.91", "answer_correct went to 0.91"),
        ("2026-03-14 v1.2 (a-b) 91.0%", "2026-03-14 v1.2 (a-b) 91.0%"),
        ("a|b", "a\\|b"),
        ("1. first", "1\\. first"),
        ("# head", "\\# head"),
        ("---", "\\---"),
        ("<img src=x onerror=y>", "\\<img src=x onerror=y\\>"),
        ("![x](https://e.example/p.png)", "!\\[x\\](https\\://e.example/p.png)"),
        ("ask @alice", f"ask @{WORD_JOINER}alice"),
        ("{{ config }} {% raw %}", "{{ config }} {% raw %}"),
        ("red\x1b[31m", "red␛\\[31m"),
        ("abc\u202edef\u200b", "abcdef"),
        ("two\n\nlines", "two lines"),
        ("R&D &amp; more", "R\\&D \\&amp; more"),
    ],
)
def test_examples(text: str, wanted: str) -> None:
    assert inline(text) == wanted


def test_ours_is_left_alone_and_theirs_is_not() -> None:
    assert inline(Safe("**b**")) == "**b**"
    assert say("{ours} and {theirs}", ours=Safe("*a*"), theirs="*b*") == "*a* and \\*b\\*"
    assert say("{x}", x="{y}") == "{y}"


def test_identifiers() -> None:
    assert codes(["a", "b", "c"], last="or") == "`a`, `b` or `c`"
    assert code("a|b") == "a\\|b"
    assert code("") == ""
    assert segment({}) == "all traffic"
    assert segment({"b": "2", "a": "`"}) == "`a` = \\`, `b` = `2`"


def test_a_long_block_is_cut() -> None:
    text = fence("\n".join(str(n) for n in range(100)), lines=3)
    assert text.splitlines() == ["```", "0", "1", "2", "… 97 more lines", "```"]
