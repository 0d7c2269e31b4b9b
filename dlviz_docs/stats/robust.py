"""Scale and level of a noisy curve, unmoved by a few wild points."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["NORMAL_MAD", "median", "noise", "row_medians"]

Floats: TypeAlias = NDArray[np.float64]

NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation, 1 / Phi^-1(3/4)."""
_NORMAL_MEAN = 1.2533
"""The same over the mean absolute deviation, sqrt(pi / 2)."""
_SECOND_DIFFERENCE = 1.5**0.5
"""Deviation of y[i] - (y[i-1] + y[i+1]) / 2 over that of y."""


def noise(values: Floats) -> float:
    """Standard deviation of a curve's points around its trend, from how far each lies off the middle of its neighbours.

    Gasser, Sroka and Jennen-Steinmetz, "Residual variance and residual pattern in nonlinear regression", Biometrika 73,
    1986, with the median in place of the mean. Slow trends cost nothing; noise that lasts over many points is not seen.
    """
    if len(values) < 3:
        return 0.0
    residuals = np.abs(values[1:-1] - (values[:-2] + values[2:]) / 2)
    middle = NORMAL_MAD * median(residuals)
    # Values on a few rungs (success of ten episodes) may not move for most of the run: then the mean is asked.
    return (middle or _NORMAL_MEAN * float(residuals.mean())) / _SECOND_DIFFERENCE


def median(values: Floats) -> float:
    """The median, the upper one of two, of values without NaN: what `numpy.median` gives in a fifth of its time."""
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def row_medians(rows: Floats) -> Floats:
    """The same for each row."""
    middle = rows.shape[1] // 2
    medians: Floats = np.partition(rows, middle, axis=1)[:, middle]
    return medians
