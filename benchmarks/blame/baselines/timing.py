"""What people on call look at first: the last change before it began, the nearest one, and the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baselines.ground import each_shift, onset_of

if TYPE_CHECKING:
    from typing import Any

    from baselines.ground import Ground

SLACK = 2.0
"""Hours that the last change may come after the estimated onset; of 0, 1, 2, 4 and 8 the best on the tuning half."""


def _most_recent(ground: Ground, shift: dict[str, Any]) -> str | None:
    onset = onset_of(shift)
    before = [one for one in ground.candidates if ground.hours_from(one, onset) <= SLACK]
    last = max(before, key=lambda one: (ground.hours_from(one, onset), one.id), default=None)
    return None if last is None else last.id


def _nearest(ground: Ground, shift: dict[str, Any]) -> str | None:
    return ground.closest(ground.candidates, onset_of(shift))


def _the_model(ground: Ground, shift: dict[str, Any]) -> str | None:
    return ground.closest([one for one in ground.candidates if one.layer == "model"], onset_of(shift))


most_recent = each_shift(_most_recent)
"""The last change that began no later than ``SLACK`` hours after the onset."""
nearest = each_shift(_nearest)
"""The change that began nearest to the onset, before or after."""
the_model = each_shift(_the_model)
"""The change of the model that began nearest to the onset; nothing where there is none."""
