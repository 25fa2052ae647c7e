"""The post-mortem as Markdown, from ``templates/postmortem.md.j2``.

Whatever a template prints is escaped unless this room made it: a template, ours or a user's, needs no filter to be
safe. A name that does not exist is an error with its line, never an empty place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.loaders import split_template_path

from blameline.assets import assets
from blameline.errors import BlamelineError
from blameline.report import declared, sentences, wording
from blameline.report.actions import actions
from blameline.report.beside import curves
from blameline.report.chart import mermaid, telling, timeline
from blameline.report.escape import Safe, code, codes, fence, inline, segment
from blameline.report.impact import detection, impact
from blameline.report.matter import front_matter
from blameline.report.page import BIDDERS, Page

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.records import Entry, Story

_BLANKS = re.compile(r"\n{3,}")
PAGE = "postmortem.md.j2"


@dataclass(frozen=True)
class Markdown:
    """Renders the post-mortem."""

    templates: Path | None = None
    """A folder whose files replace the shipped templates of the same name."""

    name = "markdown"
    suffix = ".md"

    def under(self, templates: Path) -> Markdown:
        """The same renderer, looking into ``templates`` first."""
        return Markdown(templates)

    def render(self, story: Story) -> str:
        """The post-mortem, with a newline at the end."""
        page = Page(story)
        rows = timeline(page)
        try:
            text = (
                environment(self.templates)
                .get_template(PAGE)
                .render(
                    page=page,
                    story=story,
                    found=story.found,
                    main=page.main,
                    matter=front_matter(page),
                    rows=rows,
                    quiet_runs=len(story.timeline) - len(telling(page)),
                    left_out=len(telling(page)) - len(rows),
                    chart=mermaid(page, rows) if rows else Safe(""),
                    impact=impact(page),
                    detection=detection(page),
                    actions=actions(page),
                )
            )
        except TemplateError as error:
            raise _told(error) from error
        return _BLANKS.sub("\n\n", text).strip() + "\n"


def environment(templates: Path | None = None) -> Environment:
    """Jinja, with our words as filters and everything escaped on its way out."""
    loaders: list[BaseLoader] = [FunctionLoader(_shipped)]
    if templates is not None:
        loaders.insert(0, FileSystemLoader(templates))
    made = Environment(
        loader=ChoiceLoader(loaders),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  the way out is `finalize`, which escapes for Markdown
        finalize=_out,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "bidder": sentences.bidder,
        "candidate": sentences.candidate,
        "code": code,
        "codes": codes,
        "fence": fence,
        "inline": inline,
        "effect_at": sentences.effect_at,
        "moment": wording.moment,
        "named": sentences.named,
        "note": _note,
        "number": wording.number,
        "numbers": sentences.numbers,
        "odds": lambda probability: Safe(wording.percent(probability)),
        "onset": wording.between,
        "plural": wording.plural,
        "raw": Safe,
        "ruled_out": sentences.ruled_out,
        "segment": segment,
        "sentence": sentences.sentence,
        "share": lambda part: Safe(wording.share(part)),
    }
    made.globals |= {
        "curves": curves,
        "declared": declared,
        "ANSWERS": sentences.ANSWERS,
        "BIDDERS": BIDDERS,
        "FINDINGS": sentences.FINDINGS,
        "say": sentences,
    }
    return made


def _shipped(name: str) -> str | None:
    page = assets("templates").joinpath(*split_template_path(name))
    return page.read_text(encoding="utf-8") if page.is_file() else None


def _out(value: object) -> object:
    """What leaves a ``{{ place }}``: ours as it is, nothing as a dash, everything else escaped."""
    if isinstance(value, StrictUndefined):
        return value  # Jinja raises, and names it
    return Safe("–") if value is None else inline(value)


def _note(entry: Entry) -> Safe:
    """A note's own words; who wrote them stays in the case file."""
    for key in ("text", "note", "message"):
        if entry.body.get(key):
            return inline(entry.body[key])
    return inline("; ".join(f"{key}: {value}" for key, value in sorted(entry.body.items())))


def _told(error: TemplateError) -> BlamelineError:
    line = f", line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
    name = f" {error.name}" if isinstance(error, TemplateSyntaxError) and error.name else ""
    return BlamelineError(
        f"the template{name}{line} cannot be used: {error.message}", hint=f"start from a copy of the shipped {PAGE}"
    )
