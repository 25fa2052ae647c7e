"""A story in, text out.

This room gets a ``Story`` and never sees the store: whatever it prints was handed to it. A renderer is one file
beside this one and one line in ``pyproject.toml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, cast, runtime_checkable

from blameline import plugins
from blameline.errors import BlamelineError

if TYPE_CHECKING:
    from pathlib import Path

    from blameline.records import Story

__all__ = ["Renderer", "Templated", "render"]


class Renderer(Protocol):
    """Turns a story into text."""

    name: str
    suffix: str
    """The ending of a file that holds the text, with its dot."""

    def render(self, story: Story) -> str:
        """The text; the same story gives the same bytes."""


@runtime_checkable
class Templated(Protocol):
    """A renderer whose words can be replaced from a folder."""

    def under(self, templates: Path) -> Self:
        """The same renderer, looking into ``templates`` first."""


def render(story: Story, as_: str = "markdown", templates: Path | None = None) -> str:
    """The story as text, in the form that the renderer called ``as_`` gives it.

    A file in ``templates`` replaces the shipped one of the same name.
    """
    renderer = cast("Renderer", plugins.load("blameline.renderers", as_))
    if templates is None:
        return renderer.render(story)
    if not isinstance(renderer, Templated):
        raise BlamelineError(f"'{as_}' uses no templates", hint="leave the template folder out, or use --as markdown")
    return cast("Renderer", renderer.under(templates)).render(story)
