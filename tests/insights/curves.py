"""Labelled curves: made by the formulas below from a seed, each with what a practitioner would say of it.

All are synthetic. u runs from 0 to 1 over a run. A family draws its parameters from ranges, so another seed gives other
curves of the same sort. `allowed` names what one may also say of a curve without being wrong; it counts neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dlviz_docs.model import Run, Series

__all__ = ["JUDGED", "Case", "cases", "run_of"]

JUDGED = (
    "nonfinite",
    "divergence",
    "overfitting",
    "underfitting",
    "stopped-early",
    "plateau",
    "spikes",
    "noisy-validation",
)
DRAWS = 5
"""Curves a family gives for one seed."""

Array = np.ndarray
Maker = Callable[[np.random.Generator], dict[str, Array]]


@dataclass(frozen=True)
class Case:
    """One run and its labels."""

    name: str
    run: Run
    labels: frozenset[str]
    allowed: frozenset[str]


_FAMILIES: list[tuple[Maker, frozenset[str], frozenset[str]]] = []


def family(*labels: str, allowed: tuple[str, ...] = ()) -> Callable[[Maker], Maker]:
    """Register a maker of curves with what is to be said of them; no label: healthy."""

    def register(maker: Maker) -> Maker:
        _FAMILIES.append((maker, frozenset(labels), frozenset(allowed)))
        return maker

    return register


def cases(seed: int) -> Iterator[Case]:
    """Every family, `DRAWS` times."""
    for place, (maker, labels, allowed) in enumerate(_FAMILIES):
        for draw in range(DRAWS):
            curves = maker(np.random.default_rng([seed, place, draw]))
            yield Case(f"{maker.__name__}-{draw}", run_of(curves), labels, allowed)


def run_of(curves: dict[str, Array], axis: str = "epoch") -> Run:
    """A run of these curves; all span the same steps, however many points they have."""
    longest = max(len(values) for values in curves.values())
    series = [
        Series(name, name, np.linspace(1, longest, len(values)), values, axis=axis)  # type: ignore[arg-type]
        for name, values in curves.items()
    ]
    return Run("run", "run", tuple(series))


def _u(n: int) -> Array:
    return np.linspace(0, 1, n)


def _n(rng: np.random.Generator) -> int:
    """From a short run by epoch to a long one by step."""
    return int(rng.choice([24, 40, 100, 300, 1_000]))


def _decay(u: Array, rate: float) -> Array:
    """From 1 to 0 exponentially."""
    curve: Array = (np.exp(-rate * u) - np.exp(-rate)) / (1 - np.exp(-rate))
    return curve


def _loss(rng: np.random.Generator, n: int, rate: float, *, floor: float = 0.3, noise: float = 0.01) -> Array:
    """A loss that falls by 2 to its floor."""
    return floor + 2 * _decay(_u(n), rate) + 2 * noise * rng.normal(size=n)


# --- healthy ----------------------------------------------------------------------------------------------------------


@family()
def exponential(rng: np.random.Generator) -> dict[str, Array]:
    n, rate = _n(rng), rng.uniform(4.2, 6)
    return {"train/loss": _loss(rng, n, rate, floor=0.1), "val/loss": _loss(rng, n, rate, floor=rng.uniform(0.15, 0.5))}


@family()
def power_law(rng: np.random.Generator) -> dict[str, Array]:
    """Language models: L = a + b (1 + t / tau) ** -alpha (Kaplan et al. 2020)."""
    n = _n(rng)
    curve = (1 + rng.uniform(60, 200) * _u(n)) ** -rng.uniform(0.3, 0.5)
    noise = rng.uniform(0.005, 0.02)
    return {
        "train/loss": 2 + 8 * curve + noise * 4 * rng.normal(size=n),
        "val/loss": 2.1 + 8 * curve[:: max(1, n // 50)],
    }


@family()
def step_schedule(rng: np.random.Generator) -> dict[str, Array]:
    """Falls at each of two drops of the learning rate, at 50 % and 75 %."""
    n = _n(rng)
    u = _u(n)
    first, second = rng.uniform(0.45, 0.55), rng.uniform(0.7, 0.8)
    level = 0.2 + 0.5 * (u < first) + 0.2 * (u < second) + 1.5 * np.exp(-12 * u)
    lr = 0.1 * 0.1 ** ((u >= first).astype(int) + (u >= second))
    return {
        "train/loss": 0.8 * level + 0.02 * rng.normal(size=n),
        "val/loss": level + 0.03 * rng.normal(size=n),
        "lr": lr,
    }


@family()
def cosine_schedule(rng: np.random.Generator) -> dict[str, Array]:
    """Gets better until the learning rate, a cosine, has come down: a planned end."""
    n = _n(rng)
    u = _u(n)
    fall = 0.6 * _decay(u, 6) + 0.4 * (1 + np.cos(np.pi * u)) / 2
    return {
        "train/loss": 0.1 + 2 * fall + 0.02 * rng.normal(size=n),
        "val/loss": 0.3 + 1.8 * fall + 0.02 * rng.normal(size=n),
        "lr": 1e-3 * (1 + np.cos(np.pi * u)) / 2,
    }


@family()
def warm_up_bump(rng: np.random.Generator) -> dict[str, Array]:
    n = max(_n(rng), 100)
    bump = rng.uniform(0.5, 2) * np.exp(-(((_u(n) - 0.04) / 0.02) ** 2))
    return {"train/loss": _loss(rng, n, 5) + bump, "val/loss": _loss(rng, n, 5, floor=0.4) + bump}


@family()
def noisy_but_healthy(rng: np.random.Generator) -> dict[str, Array]:
    n = _n(rng)
    noise = rng.uniform(0.02, 0.05)
    return {"train/loss": _loss(rng, n, 5, noise=noise), "val/loss": _loss(rng, n, 5, floor=0.5, noise=noise)}


@family()
def noisy_batches(rng: np.random.Generator) -> dict[str, Array]:
    """Losses of single batches have a heavy right tail (log-normal)."""
    n = 1_000
    train = _loss(rng, n, 5, noise=0) * rng.lognormal(sigma=rng.uniform(0.1, 0.35), size=n)
    return {"train/loss": train, "val/loss": _loss(rng, 40, 5, floor=0.4)}


@family(allowed=("stopped-early",))
def reinforcement(rng: np.random.Generator) -> dict[str, Array]:
    """Returns rise in an S with noise of a quarter of their range; policy and value losses wander, the latter up."""
    n = max(_n(rng), 100)
    u = _u(n)
    returns = 500 / (1 + np.exp(-12 * (u - rng.uniform(0.2, 0.5)))) + rng.uniform(30, 120) * rng.normal(size=n)
    return {
        "rollout/ep_rew_mean": returns,
        "train/value_loss": 1 + 5 * u + rng.gamma(2, 0.5, n),
        "train/policy_loss": 0.05 * rng.normal(size=n),
        "train/loss": 0.5 + 3 * u + rng.gamma(2, 0.3, n),
    }


@family()
def adversarial(rng: np.random.Generator) -> dict[str, Array]:
    """Two players: both losses swing, and the generator's ends above where it was."""
    n = max(_n(rng), 100)
    swing = rng.uniform(0.1, 0.4) * np.sin(rng.uniform(20, 60) * _u(n))
    return {
        "train/d_loss": 0.7 + swing + 0.05 * rng.normal(size=n),
        "train/g_loss": 1 + 1.5 * _u(n) - swing + 0.1 * rng.normal(size=n),
    }


@family()
def double_descent(rng: np.random.Generator) -> dict[str, Array]:
    """Validation gets worse in the middle, then better than ever (Nakkiran et al. 2019)."""
    n = max(_n(rng), 40)
    u = _u(n)
    hump = rng.uniform(0.2, 0.5) * np.exp(-(((u - 0.35) / 0.1) ** 2))
    val = 0.3 + 0.5 * _decay(u, 3.2) + np.exp(-25 * u) + hump + 0.01 * rng.normal(size=n)
    return {"train/loss": _loss(rng, n, 5, floor=0.02), "val/loss": val}


@family()
def cyclic_schedule(rng: np.random.Generator) -> dict[str, Array]:
    """Each cycle of the learning rate takes back up to a sixth of what was gained (Smith 2017)."""
    n = max(_n(rng), 100)
    u = _u(n)
    cycle = rng.uniform(0.1, 0.3) * (1 + np.sin(2 * np.pi * (rng.integers(5, 9) * u + rng.uniform()))) / 2
    return {
        "train/loss": _loss(rng, n, 5, floor=0.3) + cycle,
        "val/loss": _loss(rng, n, 5, floor=0.5) + cycle,
        "lr": 0.01 + cycle / 10,
    }


@family()
def warm_restarts(rng: np.random.Generator) -> dict[str, Array]:
    """Loss jumps at each restart and falls again (Loshchilov and Hutter 2017)."""
    n = max(_n(rng), 300)
    u = _u(n)
    inside = (4 * u) % 1
    bump = rng.uniform(0.1, 0.3) * np.exp(-8 * inside) * (u > 0.25)
    return {
        "train/loss": _loss(rng, n, 5, floor=0.2) + bump,
        "val/loss": _loss(rng, n // 5, 5, floor=0.4),
        "lr": 0.1 * (1 + np.cos(np.pi * inside)) / 2,
    }


@family()
def few_points(rng: np.random.Generator) -> dict[str, Array]:
    n = int(rng.integers(2, 8))
    return {"train/loss": 2 - _u(n) + 0.1 * rng.normal(size=n), "val/loss": 2 - 0.5 * _u(n) + 0.3 * rng.normal(size=n)}


@family()
def fine_tuning(rng: np.random.Generator) -> dict[str, Array]:
    """A pretrained model: a small noisy gain, linear schedule, few evaluations."""
    n = int(rng.integers(60, 400))
    u = _u(n)
    return {
        "train/loss": 1.1 - 0.25 * (1 - np.exp(-5 * u)) + 0.06 * rng.normal(size=n),
        "val/loss": 1.0 - 0.15 * (1 - np.exp(-4 * _u(5))),
        "train/learning_rate": 2e-5 * (1 - u),
    }


@family()
def generalisation_gap(rng: np.random.Generator) -> dict[str, Array]:
    """Validation levels out well above training, and stays."""
    n = _n(rng)
    return {
        "train/loss": _loss(rng, n, 4.5, floor=0.02, noise=0.005),
        "val/loss": _loss(rng, n, 5, floor=rng.uniform(0.6, 1)),
    }


@family()
def rise_within_noise(rng: np.random.Generator) -> dict[str, Array]:
    """Validation ends 1 to 2 % above its best: nobody's overfitting."""
    n = _n(rng)
    val = _loss(rng, n, 6, floor=0.5, noise=0.005) + rng.uniform(0.005, 0.01) * _u(n)
    return {"train/loss": _loss(rng, n, 5, floor=0.2), "val/loss": val}


@family()
def near_perfect(rng: np.random.Generator) -> dict[str, Array]:
    """Accuracy is at its ceiling from early on."""
    n = _n(rng)
    accuracy = np.minimum(0.997 - 0.4 * np.exp(-40 * _u(n)) + 0.0005 * rng.normal(size=n), 1)
    return {"train/accuracy": np.minimum(accuracy + 0.002, 1), "val/accuracy": accuracy}


@family()
def regression(rng: np.random.Generator) -> dict[str, Array]:
    """An error that falls over three decades, noise in proportion."""
    n = _n(rng)
    mse = 10 ** (1 - 3 * (1 - _decay(_u(n), rng.uniform(2, 4))))
    return {
        "train/mse": mse * rng.lognormal(sigma=0.05, size=n),
        "val/mse": 1.2 * mse * rng.lognormal(sigma=0.05, size=n),
    }


@family()
def accuracy_only(rng: np.random.Generator) -> dict[str, Array]:
    n, top = _n(rng), rng.uniform(0.6, 0.93)
    curve = top - (top - 0.1) * _decay(_u(n), rng.uniform(4.5, 6))
    return {
        "train/accuracy": curve + 0.03 + 0.005 * rng.normal(size=n),
        "val/accuracy": curve + 0.012 * rng.normal(size=n),
    }


@family(allowed=("stopped-early",))
def smoothed_by_the_logger(rng: np.random.Generator) -> dict[str, Array]:
    """Noise that lasts: the logger averages over some twenty points."""
    n = 600
    walk = np.convolve(rng.normal(size=n + 19), np.ones(20) / 20, mode="valid")
    return {"train/loss": _loss(rng, n, 5, noise=0) + 0.15 * walk, "val/loss": _loss(rng, 60, 5, floor=0.4)}


@family()
def unlucky_evaluations(rng: np.random.Generator) -> dict[str, Array]:
    """One validation in ten is far off."""
    n = 60
    val = _loss(rng, n, 5, floor=0.5)
    return {
        "train/loss": _loss(rng, n, 5, floor=0.2),
        "val/loss": val + (rng.random(n) < 0.1) * rng.exponential(0.5, n),
    }


@family()
def rest_then_progress(rng: np.random.Generator) -> dict[str, Array]:
    """A long rest, then a second fall: grokking in small (Power et al. 2022)."""
    n = max(_n(rng), 40)
    u = _u(n)
    val = 0.2 + np.exp(-20 * u) + 1 / (1 + np.exp(30 * (u - rng.uniform(0.55, 0.7)))) + 0.01 * rng.normal(size=n)
    return {"train/loss": _loss(rng, n, 5, floor=0.02), "val/loss": val}


# --- overfitting ------------------------------------------------------------------------------------------------------


def _overfit(rng: np.random.Generator, n: int, rise: float, start: float, noise: float) -> dict[str, Array]:
    """Validation has its best at `start` and ends `rise` (a share) above it."""
    u = _u(n)
    fall = 0.5 + 1.8 * np.exp(-5 * u / start)
    climb = np.clip((u - start) / (1 - start), 0, None) ** 1.2
    val = fall + rise * 0.5 * climb + noise * rng.normal(size=n)
    return {"train/loss": _loss(rng, n, rng.uniform(3, 4.5), floor=0.03, noise=0.005), "val/loss": val}


@family("overfitting")
def overfits_mildly(rng: np.random.Generator) -> dict[str, Array]:
    return _overfit(rng, _n(rng), rng.uniform(0.15, 0.35), rng.uniform(0.25, 0.5), 0.01)


@family("overfitting")
def overfits_strongly(rng: np.random.Generator) -> dict[str, Array]:
    return _overfit(rng, _n(rng), rng.uniform(0.6, 2.5), rng.uniform(0.1, 0.4), 0.02)


@family("overfitting")
def overfits_late(rng: np.random.Generator) -> dict[str, Array]:
    return _overfit(rng, max(_n(rng), 40), rng.uniform(0.25, 0.6), rng.uniform(0.6, 0.7), 0.008)


@family("overfitting")
def overfits_noisily(rng: np.random.Generator) -> dict[str, Array]:
    return _overfit(rng, max(_n(rng), 40), rng.uniform(0.5, 1.2), rng.uniform(0.2, 0.4), 0.06)


@family("overfitting")
def overfits_in_a_few_epochs(rng: np.random.Generator) -> dict[str, Array]:
    return _overfit(rng, int(rng.integers(10, 18)), rng.uniform(0.3, 0.8), rng.uniform(0.25, 0.45), 0.01)


@family("overfitting")
def overfits_with_dense_training_loss(rng: np.random.Generator) -> dict[str, Array]:
    curves = _overfit(rng, 40, rng.uniform(0.2, 0.8), rng.uniform(0.25, 0.5), 0.01)
    return {**curves, "train/loss": _loss(rng, 1_000, 3.5, floor=0.05, noise=0.03)}


@family("overfitting", allowed=("plateau",))
def overfits_barely(rng: np.random.Generator) -> dict[str, Array]:
    """6 to 12 % above the best: at the threshold, where one may also see no more than a plateau."""
    return _overfit(rng, max(_n(rng), 40), rng.uniform(0.06, 0.12), rng.uniform(0.3, 0.5), 0.006)


@family("overfitting")
def accuracy_overfits(rng: np.random.Generator) -> dict[str, Array]:
    n = max(_n(rng), 40)
    u, start = _u(n), rng.uniform(0.25, 0.4)
    lost = rng.uniform(0.08, 0.15) * np.clip((u - start) / (1 - start), 0, None)
    return {
        "train/accuracy": 0.99 - 0.6 * np.exp(-4 * u) + 0.004 * rng.normal(size=n),
        "val/accuracy": 0.82 - 0.5 * np.exp(-5 * u / start) - lost + 0.006 * rng.normal(size=n),
    }


# --- breaking down ----------------------------------------------------------------------------------------------------


@family("divergence")
def blows_up(rng: np.random.Generator) -> dict[str, Array]:
    n = _n(rng)
    u, start = _u(n), rng.uniform(0.3, 0.7)
    train = _loss(rng, n, 6) + np.where(u > start, np.exp(np.clip(25 * (u - start), 0, 12)) - 1, 0)
    return {"train/loss": train}


@family("divergence", allowed=("underfitting",))
def falls_back_to_chance(rng: np.random.Generator) -> dict[str, Array]:
    """Jumps up to the loss of a coin and stays there."""
    n, at = _n(rng), rng.uniform(0.3, 0.8)
    gone = _u(n) > at
    return {
        "train/loss": np.where(gone, 2.303 + 0.01 * rng.normal(size=n), _loss(rng, n, 6)),
        "val/loss": np.where(gone, 2.303, _loss(rng, n, 6, floor=0.4)),
    }


@family("divergence")
def drifts_up(rng: np.random.Generator) -> dict[str, Array]:
    n = _n(rng)
    u, start = _u(n), rng.uniform(0.2, 0.4)
    train = 0.5 + 2 * np.exp(-6 * u / start) + rng.uniform(1.5, 4) * np.clip((u - start) / (1 - start), 0, None)
    return {"train/loss": train + 0.05 * rng.normal(size=n)}


@family("divergence")
def agent_collapses(rng: np.random.Generator) -> dict[str, Array]:
    n, at = max(_n(rng), 100), rng.uniform(0.5, 0.75)
    u = _u(n)
    returns = 500 / (1 + np.exp(-15 * (u - 0.25))) * (1 - rng.uniform(0.75, 1) / (1 + np.exp(-40 * (u - at))))
    return {"rollout/ep_rew_mean": returns + rng.uniform(10, 50) * rng.normal(size=n)}


@family("divergence", allowed=("noisy-validation",))
def accuracy_collapses(rng: np.random.Generator) -> dict[str, Array]:
    n, at = _n(rng), rng.uniform(0.4, 0.7)
    curve = np.where(_u(n) > at, 0.1, 0.9 - 0.8 * _decay(_u(n), 7)) + 0.01 * rng.normal(size=n)
    return {"train/accuracy": curve, "val/accuracy": curve - 0.03 + 0.01 * rng.normal(size=n)}


@family("nonfinite")
def turns_nan(rng: np.random.Generator) -> dict[str, Array]:
    n = max(_n(rng), 40)
    curves = exponential(rng)
    at = rng.uniform(0.75, 0.95)
    return {name: np.where(_u(len(v)) > at, np.nan, v) for name, v in curves.items()} if n else curves


@family("nonfinite")
def infinite_now_and_then(rng: np.random.Generator) -> dict[str, Array]:
    n = 300
    train = _loss(rng, n, 5)
    train[rng.choice(n, 3, replace=False)] = np.inf
    return {"train/loss": train, "val/loss": _loss(rng, 30, 5, floor=0.4)}


@family("nonfinite")
def gradients_turn_nan(rng: np.random.Generator) -> dict[str, Array]:
    norm = rng.lognormal(size=300)
    norm[int(rng.integers(20, 280))] = np.nan
    return {"train/loss": _loss(rng, 300, 5), "grad_norm": norm}


@family("spikes")
def spikes_in_training(rng: np.random.Generator) -> dict[str, Array]:
    n = int(rng.choice([200, 500, 1_000]))
    train = _loss(rng, n, 5, noise=rng.uniform(0.005, 0.02))
    places = rng.choice(np.arange(20, n - 20), int(rng.integers(2, 5)), replace=False)
    train[places] *= rng.uniform(2.5, 8, len(places))
    return {"train/loss": train, "val/loss": _loss(rng, 40, 5, floor=0.4)}


@family("spikes")
def spike_with_recovery(rng: np.random.Generator) -> dict[str, Array]:
    """Language models: one jump that takes a few steps to heal."""
    n, at = 1_000, int(rng.integers(200, 900))
    train = 2 + 8 * (1 + 100 * _u(n)) ** -0.4 + 0.04 * rng.normal(size=n)
    train[at : at + 3] += rng.uniform(3, 6) * np.array([1, 0.6, 0.3])
    return {"train/loss": train}


@family("noisy-validation", allowed=("stopped-early",))
def noisy_validation(rng: np.random.Generator) -> dict[str, Array]:
    n = int(rng.choice([30, 60, 120]))
    return {
        "train/loss": _loss(rng, n, 5, floor=0.2, noise=0.01),
        "val/loss": _loss(rng, n, 5, floor=2, noise=rng.uniform(0.2, 0.35)),
    }


@family("noisy-validation", allowed=("stopped-early", "plateau"))
def noisy_accuracy(rng: np.random.Generator) -> dict[str, Array]:
    """A validation set of some 50 samples."""
    n = int(rng.choice([40, 80]))
    p = 0.75 - 0.2 * _decay(_u(n), 5)
    return {"train/accuracy": p + 0.1 + 0.004 * rng.normal(size=n), "val/accuracy": rng.binomial(50, p) / 50}


# --- too little -------------------------------------------------------------------------------------------------------


@family("plateau")
def stops_learning_early(rng: np.random.Generator) -> dict[str, Array]:
    n, rate = max(_n(rng), 40), rng.uniform(16, 40)
    return {
        "train/loss": _loss(rng, n, rate, floor=0.8, noise=0.005),
        "val/loss": _loss(rng, n, rate, floor=1, noise=0.008),
    }


@family("plateau")
def training_alone_stops(rng: np.random.Generator) -> dict[str, Array]:
    n, until = max(_n(rng), 40), rng.uniform(0.1, 0.3)
    return {"loss": 1 + 2 * np.clip(1 - _u(n) / until, 0, None) + 0.02 * rng.normal(size=n)}


@family("underfitting")
def learns_nothing(rng: np.random.Generator) -> dict[str, Array]:
    """A classifier at chance."""
    n = _n(rng)
    return {"train/loss": 2.303 + 0.003 * rng.normal(size=n), "val/loss": 2.303 + 0.002 * rng.normal(size=n)}


@family("underfitting")
def agent_finds_nothing(rng: np.random.Generator) -> dict[str, Array]:
    n = _n(rng)
    return {"eval/mean_reward": -200 + 0.3 * rng.random(n), "train/loss": rng.gamma(2, 1, n)}


@family("stopped-early")
def stopped_while_falling(rng: np.random.Generator) -> dict[str, Array]:
    n, rate = _n(rng), rng.uniform(0.5, 2)
    return {"train/loss": _loss(rng, n, rate, noise=0.008), "val/loss": _loss(rng, n, rate, floor=0.4, noise=0.008)}


@family("stopped-early")
def stopped_after_a_dozen_epochs(rng: np.random.Generator) -> dict[str, Array]:
    n, rate = int(rng.integers(10, 16)), rng.uniform(0.5, 1.5)
    return {"train/loss": _loss(rng, n, rate, noise=0.003), "val/loss": _loss(rng, n, rate, floor=0.4, noise=0.003)}


@family("stopped-early")
def agent_still_rising(rng: np.random.Generator) -> dict[str, Array]:
    n = max(_n(rng), 300)
    return {"rollout/ep_rew_mean": 400 * _u(n) + rng.uniform(10, 40) * rng.normal(size=n)}


# --- two at once ------------------------------------------------------------------------------------------------------


@family("overfitting", "spikes")
def overfits_with_spikes(rng: np.random.Generator) -> dict[str, Array]:
    curves = _overfit(rng, 60, rng.uniform(0.4, 1), rng.uniform(0.25, 0.4), 0.01)
    return {**curves, "train/loss": spikes_in_training(rng)["train/loss"]}


@family("overfitting", "nonfinite")
def overfits_then_nan(rng: np.random.Generator) -> dict[str, Array]:
    curves = _overfit(rng, 100, rng.uniform(0.4, 1), rng.uniform(0.2, 0.3), 0.01)
    curves["train/loss"][92:] = np.nan
    return curves
