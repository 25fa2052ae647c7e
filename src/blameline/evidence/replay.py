"""Replay: the same inputs, run again with and without it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from blameline.evidence.enough import POWER, about, whole
from blameline.evidence.exposure import CLEAR, ENOUGH
from blameline.evidence.questions import Answered, Number, Rows, between, window
from blameline.evidence.swapped import (
    FEWEST,
    QUERY,
    UNSWAPPED,
    results_of,
    spread_of,
    swapped,
    told,
    version_of,
    versions_of,
)
from blameline.replays.shares import Floats, mean_and_error, rate, rates_of
from blameline.replays.sizes import to_clear
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.candidates import Candidate
    from blameline.evidence.hearing import Hearing
    from blameline.replays.results import Results, Swapped, Version


class Replayed:
    """Paired differences between configurations that differ in the candidate's version, each request for itself."""

    name = "replay"
    asks = "Run again with everything else fixed, does taking it back bring the quality back?"
    query = QUERY

    def concerns(self, candidate: Candidate) -> bool:
        """Every change that can be swapped in a replay, and ``unknown``, which is what is left when all is taken back."""
        return candidate.id == "unknown" or (not candidate.standing and candidate.layer not in UNSWAPPED)

    def parameters(self, hearing: Hearing, candidate: Candidate) -> Mapping[str, object]:
        """All replays of the signal."""
        del candidate
        return {"signal": window(hearing)["signal"]}

    def weigh(self, rows: Rows, hearing: Hearing, candidate: Candidate, *, seed: int) -> Answered:
        """One difference a request; of a factorial it is Shapley's value, so that what factors do together is shared."""
        del seed
        results = results_of(rows, hearing)
        if candidate.id == "unknown":
            return _everything(results, hearing)
        found = swapped(results, hearing, candidate)
        each = told(found)
        n = len(each)
        numbers: dict[str, Number] = {"pairs": n}
        if found is None or n < FEWEST:
            return _too_few(n, results, hearing)
        scale = spread_of(hearing)
        estimate, error = mean_and_error(each, scale)
        target = abs(hearing.shift.delta.estimate)
        harm = hearing.harm * estimate
        numbers |= {"effect": estimate, "low": estimate - Z90 * error, "high": estimate + Z90 * error}
        words = f"{n} requests: {between(estimate, error, hearing)}{_rates(rows, hearing, candidate, numbers)}"
        bundle = not len(found.each)
        if harm / error > CLEAR and harm > ENOUGH * target:
            if bundle:
                numbers["enough"] = need = _enough(hearing)
                by_itself = f"about {about(need)} requests with it alone taken back would tell"
                said = f"taken back with others, the quality came back; {words}; {by_itself}"
                return Answered("inconclusive", said, numbers)
            alone, way = _alone(found, hearing, scale)
            numbers |= alone
            return Answered("supports", f"taking it back brings the quality back{way}; {words}", numbers)
        if _null(each, hearing, scale) and all(
            _null(part, hearing, scale) for part in (found.alone, found.added) if len(part) >= FEWEST
        ):
            said = "taken back with others, it changes nothing" if bundle else "taking it back changes nothing"
            return Answered("refutes", f"{said}; {words}", numbers)
        enough = to_clear(target, error * math.sqrt(n))
        numbers["enough"] = enough = enough if enough > n else 2 * n
        return Answered("inconclusive", f"too few to tell, {enough} would be enough; {words}", numbers)


def _too_few(n: int, results: Results, hearing: Hearing) -> Answered:
    """No answer, and how many requests would give one."""
    need = _enough(hearing)
    if n:
        said = f"{n} replayed requests are too few to tell"
    else:
        said = "no replay swaps it" if results.reproduced else _not_reproduced(results, hearing)
    return Answered("inconclusive", f"{said}; about {about(need)} requests would tell", {"pairs": n, "enough": need})


def _enough(hearing: Hearing) -> float:
    """Requests that would show an effect as large as the shift (a pair's spread is about two thirds of a request's)."""
    target = whole(hearing)
    return max(float(FEWEST), (0.65 * POWER / target) ** 2 * hearing.fit.sigma2) if target else float("inf")


def _null(each: Floats, hearing: Hearing, scale: float) -> bool:
    """Whether these differences leave no room for a quarter of the shift."""
    mean, error = mean_and_error(each, scale)
    return hearing.harm * mean + Z90 * error < ENOUGH * abs(hearing.shift.delta.estimate)


def _alone(found: Swapped, hearing: Hearing, scale: float) -> tuple[dict[str, Number], str]:
    """What taking back this one alone does, where more was crossed, and a word where that differs from its share."""
    if len(found.alone) < FEWEST or len(found.added) < FEWEST:
        return {}, ""
    (alone, error), (added, other) = (mean_and_error(part, scale) for part in (found.alone, found.added))
    numbers: dict[str, Number] = {"alone": alone, "added": added}
    if abs(alone - added) < 2 * math.hypot(error, other):
        return numbers, ""
    if hearing.harm * alone > hearing.harm * added:
        return numbers, ", more so beside the other changes than without them"
    return numbers, ", though less while the other changes stay"


def _not_reproduced(results: Results, hearing: Hearing) -> str:
    mean, error = mean_and_error(results.again, spread_of(hearing))
    return (
        f"what was served could not be brought about again ({len(results.again)} requests, {between(mean, error, hearing)}"
        " against the answers on record), so those compare with nothing: run that arm anew"
    )


def _rates(rows: Rows, hearing: Hearing, candidate: Candidate, numbers: dict[str, Number]) -> str:
    """How often runs with and without it were bad, where a score is right or wrong."""
    version = version_of(candidate)
    if version is None:
        return ""
    said = []
    for word, values in (("with", version.new), ("without", version.old)):
        scores = _scores(rows, version, values)
        k = rates_of(scores, bad_is_low=hearing.harm < 0)
        if k is None or not scores:
            return ""
        middle, low, high = rate(k, len(scores))
        numbers |= {f"bad_{word}": k, f"runs_{word}": len(scores), f"low_{word}": low, f"high_{word}": high}
        said.append(
            f"bad in {k} of {len(scores)} runs {word} it ({100 * middle:.0f}% [{100 * low:.0f}, {100 * high:.0f}])"
        )
    return f"; {', '.join(said)}"


def _scores(rows: Rows, version: Version, values: tuple[str, ...]) -> list[float]:
    found = []
    for config, score in zip(rows["config"], rows["score"], strict=True):
        told_of = next((str(dict(config)[name]) for name in version.names if name in dict(config)), None)
        if told_of in values:
            found.append(float(score))
    return found


def _everything(results: Results, hearing: Hearing) -> Answered:
    """For ``unknown``: whether the quality came back when everything that is on record was taken back."""
    versions = versions_of(hearing)
    each, covered = results.everything(list(versions.values()))
    n = len(each)
    numbers: dict[str, Number] = {"pairs": n, "covered": covered, "of": len(versions)}
    if n < FEWEST:
        numbers["enough"] = need = _enough(hearing)
        said = f"no replay takes everything back at once; about {about(need)} requests would tell"
        return Answered("inconclusive", said, numbers)
    scale = spread_of(hearing)
    estimate, error = mean_and_error(each, scale)
    numbers |= {"effect": estimate, "low": estimate - Z90 * error, "high": estimate + Z90 * error}
    words = f"{n} requests: {between(estimate, error, hearing)}"
    harm, target = hearing.harm * estimate, abs(hearing.shift.delta.estimate)
    if harm / error > CLEAR and harm > (1 - ENOUGH) * target - Z90 * error and harm > ENOUGH * target:
        return Answered("refutes", f"taking back {covered} changes brings the quality back; {words}", numbers)
    if not _null(each, hearing, scale):
        need = to_clear(target, error * math.sqrt(n))
        numbers["enough"] = need = need if need > n else 2 * n
        return Answered("inconclusive", f"too few to tell, {need} would be enough; {words}", numbers)
    if covered < len(versions):
        numbers["enough"] = n
        said = f"with {covered} of {len(versions)} changes taken back it stays as bad: all of them would tell; {words}"
        return Answered("inconclusive", said, numbers)
    return Answered("supports", f"with everything on record taken back it stays as bad; {words}", numbers)
