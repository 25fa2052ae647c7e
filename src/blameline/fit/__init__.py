"""The one model that most evidence is read from, and nothing else.

In come the cells of one signal; out come, for any regressor over those cells, its information, its estimate and its Bayes
factor. For cell ``c`` (time bucket x segment x layer versions) with ``n_c`` requests and mean ``y_c``::

    y_c = segment + layer touched + hour of day (+ weekday, from 14 days on) + b x(c)
          + u_bucket + v_(group, day) + w_(segment, day) + e_c

    u ~ AR(1):  cov(u_i, u_j) = k^2 r^|i-j|     v ~ N(0, d^2)     w ~ N(0, o^2)     e_c ~ N(0, s^2 / n_c)

A group is a value of one attribute with at most twelve; without such an attribute there is no ``v``. ``V`` is the covariance
of ``u + v + w + e``, ``F`` the fixed effects, ``P = V^-1 - V^-1 F (F'V^-1 F)^-1 F'V^-1``. For a column
``x``: ``v = x'Px``, ``s = x'Py``, estimate ``s/v``, standard error ``v^-1/2``. With a half-normal slab of scale ``t`` on the
harmful side, against ``b = 0``::

    log BF = -1/2 log(1 + t^2 v) + 1/2 s^2 t^2 / (1 + t^2 v) + log 2 Phi(-s t / sqrt(1 + t^2 v))

The shared shock ``u`` makes "everything moved at that moment" weak evidence, and "the exposed moved and the unexposed did
not, in the same hour" strong evidence: differences in differences, dose, scope and reversal need no model of their own. The
variances are chosen by REML (Patterson and Thompson 1971) under a mean that is free to step every two days, with
every layer version, and by the one step or pulse that stands out most, so that an incident does not pass for noise. The
opposite mistake has a price: ``Fit.doubted`` says what noise that drifts would make of the same data, and a move pays for it.
``V^-1`` is applied by the Woodbury identity.

All columns of the mean and of the random effects are combinations of few sparse ones (``atoms``: bucket, day of a group, segment,
version), so that after one sparse product nothing depends on the number of cells but the columns that are asked about.
"""

from __future__ import annotations

from blameline.fit.clustered import Clustered
from blameline.fit.left_out import LeftOut
from blameline.fit.model import Fit
from blameline.fit.noise import Noise
from blameline.fit.scores import OverTime, Scores

__all__ = ["Clustered", "Fit", "LeftOut", "Noise", "OverTime", "Scores"]
