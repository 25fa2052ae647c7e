"""What was measured: the judge's scores on a sample, a format check on everything, and the thumbs of a few users.

The judge sees a correct answer with its sensitivity and a wrong one with its specificity. A change of judge lowers what
it sees in good answers, whoever wrote them; it also lowers courtesy, which no fault of the app can touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.drill.catalogue import APP_LAYERS
from blameline.drill.quality import Quality, solve
from blameline.drill.streams import stream

if TYPE_CHECKING:
    from blameline.drill.clock import Flags, Floats
    from blameline.drill.plan import Plan
    from blameline.drill.requests import Requests
    from blameline.drill.setting import Setting

SCORES: tuple[str, ...] = ("answer_correct", "groundedness", "courtesy", "format_valid", "thumbs")
JUDGED: tuple[str, ...] = ("answer_correct", "groundedness", "courtesy")
SIGNAL = "answer_correct"

_GROUNDED: dict[str, float] = {"retrieval": 1.0, "prompt": 0.35, "model": 0.35}
_FORMAT: dict[str, float] = {"prompt": 0.4, "model": 0.4, "sampling": 0.4}


@dataclass(frozen=True, eq=False)
class Scores:
    """Columns of scores, ``nan`` where nobody scored, and the expected judged correctness in both worlds."""

    columns: dict[str, Floats]
    expected_clean: Floats
    """Probability that the judge calls the answer correct, in the world without the guilty change."""
    expected: Floats
    """The same in the real one."""
    judged: Flags
    """Requests whose judged scores reached the records."""
    kept: Flags
    """Requests whose traces reached the records."""
    survival: Floats
    """The chance that the judged record of a correct answer reached the records; that of a wrong one always does."""


def _losses(
    setting: Setting, plan: Plan, quality: Quality, exposed: Flags, generator: np.random.Generator
) -> tuple[Flags, Flags, Floats]:
    """Which traces and which scores a sampling policy lost, and the chance that a good answer's record survives."""
    count = len(exposed)
    luck, whole_traces = generator.random(count), generator.random() < 0.5
    guilty = plan.guilty
    if guilty is None or guilty.layer != "telemetry" or not exposed.any():
        everything = np.ones(count, dtype=np.bool_)
        return everything, everything, np.ones(count)
    mean = float(quality.true[exposed].mean())
    wanted = guilty.effect / (setting.sensitivity + setting.specificity - 1)
    loss = solve(lambda lost: mean - mean * (1 - lost) / (1 - mean * lost), wanted, 0.9)
    loss = float(np.clip(loss, 0.4, 0.7))
    survives = np.where(exposed, 1 - loss, 1.0)
    kept = ~quality.correct | (luck < survives)
    everything = np.ones(count, dtype=np.bool_)
    return (kept, everything, survives) if whole_traces else (everything, kept, survives)


def score(
    layer: str, seed: int, setting: Setting, requests: Requests, *, plan: Plan, quality: Quality, exposed: Flags
) -> Scores:
    """Score all requests; ``exposed`` are those that met the guilty change."""
    generator = stream(layer, seed, "scores")
    count, guilty = len(requests), plan.guilty
    asked = guilty.effect if guilty is not None else 0.0
    kept, scored, survival = _losses(setting, plan, quality, exposed, generator)
    judged = requests.judged & scored
    stricter = exposed if layer == "judge" else np.zeros(count, dtype=np.bool_)
    typical = float(quality.true.mean()) if count else 1.0
    seen = np.where(stricter, setting.sensitivity - asked / typical, setting.sensitivity)
    mistaken = np.where(stricter, (1 - setting.specificity) * 0.8, 1 - setting.specificity)
    called = generator.random(count) < np.where(quality.correct, seen, mistaken)

    grounding_fall = asked * _GROUNDED.get(layer, 0.1) * exposed if layer in APP_LAYERS else np.zeros(count)
    grounded = 0.70 + 0.16 * quality.clean - grounding_fall - 0.8 * asked * stricter + generator.normal(0, 0.12, count)
    manners = 0.84 + 0.02 * np.sin(requests.tenant) - 0.8 * asked * stricter + generator.normal(0, 0.09, count)
    breaks = generator.random() < _FORMAT.get(layer, 0.0)
    broken = float(generator.uniform(0.03, 0.10)) if breaks else 0.0
    sound = generator.random(count) < float(generator.uniform(0.97, 0.995)) - broken * exposed
    thumbed = generator.random(count) < 0.05
    up = generator.random(count) < np.where(quality.correct, 0.85, 0.15)

    def where(mask: Flags, values: Floats | Flags) -> Floats:
        return np.where(mask, np.round(values.astype(np.float64), 3), np.nan)

    return Scores(
        columns={
            "answer_correct": where(judged, called),
            "groundedness": where(judged & requests.retrieves, np.clip(grounded, 0, 1)),
            "courtesy": where(judged, np.clip(manners, 0, 1)),
            "format_valid": where(np.ones(count, dtype=np.bool_), sound),
            "thumbs": where(thumbed, up),
        },
        expected_clean=quality.clean * setting.sensitivity + (1 - quality.clean) * (1 - setting.specificity),
        expected=quality.true * seen + (1 - quality.true) * mistaken,
        judged=judged & kept,
        kept=kept,
        survival=survival,
    )
