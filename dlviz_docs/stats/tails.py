"""How improbable a test statistic is: upper tails of the usual distributions, one number at a time.

Written out since importing `scipy.special` costs more than the page of a small data set.
"""

from __future__ import annotations

import math

__all__ = ["chi2_tail", "f_tail", "kolmogorov_tail", "normal_tail", "t_reach", "t_tail"]

_TINY = 1e-300
_EPSILON = 1e-13
_MOST_TERMS = 20_000


def normal_tail(z: float) -> float:
    """Probability of a normal value farther from 0 than z, on either side."""
    return math.erfc(abs(z) / math.sqrt(2)) if not math.isnan(z) else math.nan


def chi2_tail(statistic: float, degrees: float) -> float:
    """Probability of a greater χ²; NaN without a degree of freedom.

    Incomplete gamma function: Press et al., "Numerical Recipes", 3rd edition, 2007, section 6.2.
    """
    if not degrees > 0 or math.isnan(statistic):
        return math.nan
    if statistic <= 0:
        return 1.0
    if math.isinf(statistic):
        return 0.0
    a, x = degrees / 2, statistic / 2
    if a > 1e5:  # both expansions need some sqrt(a) terms; Wilson and Hilferty (1931) are exact to 1e-7 here
        z = ((x / a) ** (1 / 3) - (1 - 1 / (9 * a))) * math.sqrt(9 * a)
        return 0.5 * math.erfc(z / math.sqrt(2))
    front = a * math.log(x) - x - math.lgamma(a)
    if front < -745:
        return 0.0 if x > a else 1.0
    return 1 - math.exp(front) * _lower_gamma(a, x) if x < a + 1 else math.exp(front) * _upper_gamma(a, x)


def _lower_gamma(a: float, x: float) -> float:
    total = term = 1 / a
    for step in range(1, _MOST_TERMS):
        term *= x / (a + step)
        total += term
        if term < total * _EPSILON:
            break
    return total


def _upper_gamma(a: float, x: float) -> float:
    """Lentz's continued fraction."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    h = d
    for step in range(1, _MOST_TERMS):
        an = -step * (step - a)
        b += 2
        d = 1 / _not_zero(an * d + b)
        c = _not_zero(b + an / c)
        h *= d * c
        if abs(d * c - 1) < _EPSILON:
            break
    return h


def f_tail(statistic: float, above: float, below: float) -> float:
    """Probability of a greater F with so many degrees of freedom above and below; NaN where either is not positive."""
    if not (above > 0 and below > 0) or math.isnan(statistic):
        return math.nan
    if statistic <= 0:
        return 1.0
    return _beta(below / 2, above / 2, below / (below + above * statistic))


def t_tail(statistic: float, degrees: float) -> float:
    """Probability of a Student's t farther from 0, on either side."""
    return f_tail(statistic * statistic, 1.0, degrees)


def t_reach(degrees: float, tail: float = 0.05) -> float:
    """How far from 0 a Student's t lies with that probability on either side together; NaN without a degree of freedom.

    Bisection, to the last few bits.
    """
    if not degrees > 0:
        return math.nan
    low, high = 0.0, 1.0
    while t_tail(high, degrees) > tail and high < 1e150:
        low, high = high, 2 * high
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if t_tail(middle, degrees) > tail else (low, middle)
    return high


def _beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function (Press et al., section 6.4)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    scale = math.exp(front) if front > -745 else 0.0
    if x < (a + 1) / (a + b + 2):
        return min(1.0, scale * _beta_fraction(a, b, x) / a)
    return max(0.0, 1 - scale * _beta_fraction(b, a, 1 - x) / b)


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    h = d
    for step in range(1, _MOST_TERMS):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        d, c = 1 / _not_zero(1 + even * d), _not_zero(1 + even / c)
        h *= d * c
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        d, c = 1 / _not_zero(1 + odd * d), _not_zero(1 + odd / c)
        h *= d * c
        if abs(d * c - 1) < _EPSILON:
            break
    return h


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def kolmogorov_tail(distance: float, first: int, second: int) -> float:
    """Probability of a greater distance between two empirical distributions of so many values.

    Kolmogorov's limit with Stephens's correction for few values: JRSS B 32, 1970.
    """
    if not (first and second) or math.isnan(distance):
        return math.nan
    root = math.sqrt(first * second / (first + second))
    x = (root + 0.12 + 0.11 / root) * distance
    if x < 0.2:
        return 1.0
    total = 2 * sum((1.0 if k % 2 else -1.0) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    return min(1.0, max(0.0, total))
