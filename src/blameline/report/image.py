"""A view as SVG or PNG, drawn on this machine: nothing is fetched, and the font of the PNG comes with the program that draws.

The extra ``plots`` brings that program, vl-convert. The same view and the same version of it give the same bytes.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Literal

from blameline.errors import BlamelineError
from blameline.report import captions
from blameline.report.vega_lite import VERSION, specification

if TYPE_CHECKING:
    from blameline.records import View

Format = Literal["svg", "png"]
SCALE = 2.0
"""Pixels of the PNG for one of the drawing, so that it is sharp on any screen."""
_SPOKEN = re.compile(r' (?:aria-[a-z]+|role)="[^"]*"')
_CLIP = re.compile(r"\b(clip|gradient)(\d+)\b")


def image(view: View, form: Format) -> bytes:
    """The file's bytes. Raises ``BlamelineError`` where the extra ``plots`` is not installed, or nothing can be drawn."""
    try:
        import vl_convert  # noqa: PLC0415  84 MB that only an image needs
    except ImportError as error:
        raise BlamelineError(
            "SVG and PNG need the extra 'plots', which is not installed", hint="pip install 'blameline[plots]'"
        ) from error
    if view.since is None:
        raise BlamelineError("there is nothing to draw", hint="load traces or changes first")
    drawn = vl_convert.vegalite_to_svg(specification(view), VERSION, allowed_base_urls=[])
    text = _told(_plain(drawn), view)
    if form == "svg":
        return text.encode()
    return bytes(vl_convert.svg_to_png(text, scale=SCALE))


def _plain(svg: str) -> str:
    """Ids counted from 1 in each file, and one picture to a reader that speaks.

    The program counts ids on from one drawing to the next, and would have every line of the drawing spelt out.
    """
    known: dict[str, str] = {}
    parts = re.split(r"(<[^>]*>)", svg)  # never in a text that others wrote; in an attribute it is escaped
    for place, part in enumerate(parts):
        if part.startswith("<"):
            quiet = _SPOKEN.sub("", part)
            parts[place] = _CLIP.sub(lambda found: known.setdefault(found[0], f"{found[1]}{len(known) + 1}"), quiet)
    return "".join(parts)


def _told(svg: str, view: View) -> str:
    """With a title and a description for who cannot see it."""
    name = captions.title(view.curves[0]) if view.curves else "what happened"
    title, description = (escape(captions.printable(text)) for text in (name, captions.alternative(view)))
    words = f'<title id="title">{title}</title><desc id="description">{description}</desc>'
    return re.sub(
        r"<svg ([^>]*)>",
        lambda found: f'<svg {found[1]} role="img" aria-labelledby="title description">{words}',
        svg,
        count=1,
    )
