"""Answers as columns and rows: DuckDB's arrays come in, arrays that say what is missing go out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def column(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """One column without a mask: NULL is ``nan`` among numbers, ``NaT`` among times and ``None`` elsewhere."""
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    missing = np.ma.getmaskarray(values)
    plain = np.asarray(values.data)
    if not missing.any():
        return plain
    if plain.dtype.kind in "iuf":
        plain = plain.astype(np.float64)
        plain[missing] = np.nan
    elif plain.dtype.kind in "mM":
        plain = plain.copy()
        plain[missing] = np.array("NaT", dtype=plain.dtype)
    else:
        plain = plain.astype(object)
        plain[missing] = None
    return plain


@dataclass(frozen=True)
class Result:
    """The answer to a person's own query."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def to_frame(self) -> pd.DataFrame:
        """The answer as a pandas frame; pandas is imported only here.

        Raises ``ImportError`` when the ``notebook`` extra is not installed.
        """
        import pandas as pd  # noqa: PLC0415  half a second that only this needs

        return pd.DataFrame(list(self.rows), columns=list(self.columns))
