"""The one model that most evidence is read from, and nothing else.

In come the cells of one signal; out come, for any regressor over those cells, its information, its estimate and its Bayes
factor. For cell ``c`` (time bucket x segment x layer versions) with ``n_c`` requests and mean ``y_c``::

    y_c = segment + layer touched + hour of day (+ weekday, from 14 days on) + b x(c) + u_bucket + v_(group, day) + e_c

    u ~ AR(1):  cov(u_i, u_j) = k^2 r^|i-j|        v ~ N(0, d^2)        e_c ~ N(0, s^2 / n_c)

``V`` is the covariance of ``u + v + e``, ``F`` the fixed effects, ``P = V^-1 - V^-1 F (F'V^-1 F)^-1 F'V^-1``. For a column
``x``: ``v = x'Px``, ``s = x'Py``, estimate ``s/v``, standard error ``v^-1/2``. With a half-normal slab of scale ``t`` on the
harmful side, against ``b = 0``::

    log BF = -1/2 log(1 + t^2 v) + 1/2 s^2 t^2 / (1 + t^2 v) + log 2 Phi(-s t / sqrt(1 + t^2 v))

The shared shock ``u`` makes "everything moved at that moment" weak evidence, and "the exposed moved and the unexposed did
not, in the same hour" strong evidence: differences in differences, dose, scope and reversal need no model of their own. The
variances are chosen by REML (Patterson and Thompson 1971) under a mean that is free to step every two days, with
every layer version, and at the one moment that stands out most, so that an incident does not pass for noise. ``V^-1`` is
applied by the Woodbury identity.

All columns of the mean and of the random effects are combinations of few sparse ones (``atoms``: bucket, day of a group, segment,
version), so that after one sparse product nothing depends on the number of cells but the columns that are asked about.
"""

from __future__ import annotations

from blameline.fit.model import Fit
from blameline.fit.noise import Noise
from blameline.fit.scores import OverTime, Scores

__all__ = ["Fit", "Noise", "OverTime", "Scores"]
