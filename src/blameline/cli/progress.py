"""How far a load has come, on a terminal: the file, a bar by bytes, rows a second and the time that is left.

It is drawn on stderr by a thread of its own, which asks the load how far it is; it is gone when the load has ended.
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from blameline.cli.tables import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from blameline.intake import Step

_WIDEST = 40


class Bar(Progress):
    """One bar; use it as a context manager and hand ``step`` to the load."""

    def __init__(self) -> None:
        self._step: Step | None = None
        self._furthest = 0.0
        super().__init__(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,  # stdout is the answer, and is not passed through anything
            redirect_stderr=False,
            refresh_per_second=5,
        )
        self._begun = monotonic()
        self._bar = self.add_task("looking at the files", total=None, rate="", left="gone")

    def step(self, step: Step) -> None:
        """The load is about to read the next group of files."""
        name = one_line(step.source)
        shown = name if len(name) <= _WIDEST else f"…{name[1 - _WIDEST :]}"
        self._step = step
        self.update(self._bar, description=shown or "putting it together", total=max(step.whole, 1))
        if not shown:
            for task in self.tasks:
                task.total = None  # all is read, and how long the rest takes is not known

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar as it is now; asked for by the thread that draws it."""
        step = self._step
        if step is not None:
            at = step.done + step.size * min(max(step.fraction(), 0.0), 1.0)
            self._furthest = max(self._furthest, at)  # each statement of a group counts from nought again
            seconds = max(monotonic() - self._begun, 0.001)
            rate = f"{step.rows / seconds:,.0f} rows/s" if step.rows else f"{self._furthest / seconds / 1e6:,.0f} MB/s"
            rate = rate if step.source else f"{step.rows:,} rows"
            self.update(self._bar, completed=self._furthest, rate=rate)
        for task in self.tasks:
            left = task.time_remaining
            said = "gone" if left is None else f"gone, {timedelta(seconds=round(left))} left"
            self.update(self._bar, left=said)
        yield from super().get_renderables()
