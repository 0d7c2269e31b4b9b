"""Where a sentence begins to be worth saying. Amounts are shares unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Thresholds"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Every number that decides whether a sentence is said; chosen on the labelled curves in tests/insights."""

    least_points: int = 8
    """Shorter curves get no judgement: the median of three that smooths them would decide it."""
    least_for_shape: int = 20
    """Noise, plateaus and flatness need a curve, not a handful of points."""
    least_for_spikes: int = 50

    significance: float = 4.0
    """In standard errors of a level. Higher than the usual 2 to 3, since the best of some 60 levels is compared."""
    overfit_rise: float = 0.05
    """Of the best validation value. Prechelt, "Early Stopping - But When?" (1998) stops at generalisation loss of 1 to
    5 %; the top of his range keeps single unlucky evaluations silent."""
    overfit_of_drop: float = 0.01
    """Of what validation had gained before: 5 % above the best of a loss that fell a thousandfold is nothing."""
    overfit_train: float = 0.03
    """How far training must still get better, of its level at the best validation point."""
    overfit_lasting: float = 0.9
    """Share of the last half after the best point that must lie clearly above it: a zigzag is no trend."""

    divergence_of_drop: float = 0.5
    """Of what had been gained and is lost again. A cycle of a cyclic learning rate loses about a third."""
    divergence_rise: float = 0.5
    """Of the best loss."""
    divergence_significance: float = 8.0
    """In standard errors of a level."""
    spike_score: float = 10.0
    """Robust z-score of a point against the nine around it; 3.5 is usual for outliers (Iglewicz and Hoaglin, 1993), but
    losses of single batches have heavy tails."""
    spike_score_log: float = 5.0
    """The same of the logarithms: points that noise in proportion to the loss throws up are no spikes."""
    spike_height: float = 0.3
    """Above the level around it."""
    spike_share: float = 0.02
    """Of all points: where more stand out than this, they are the noise."""

    plateau_share: float = 0.5
    """Of the run, without a better value."""
    plateau_gain: float = 0.02
    """Of all gained, or of the level reached if that is smaller: less is not progress."""
    plateau_noise: float = 0.02
    """Standard error of a level over all gained; above it, slow progress could not be told from none."""
    unfinished_gain: float = 0.05
    """Of all gained, in the last fifth of the run. An exponential that has gone through five time constants has 1 %."""
    unfinished_lately: float = 0.2
    """Of that gain, between the last two tenths: half on a straight line, nothing where the fall has ended."""
    ceiling_hits: int = 2
    """Evaluations with the very same best value: means over episodes hardly ever meet but at the highest there is."""
    finished_learning_rate: float = 0.1
    """Of the largest learning rate: a schedule that went below this had been planned to end."""
    flat_range: float = 0.02
    """Of the level."""
    perfect: float = 0.995
    """A share (accuracy, success) that cannot get much better."""
    noise_share: float = 0.12
    """Noise of one evaluation over all that was gained: one in eight."""
    schedule_error: float = 0.03
    """Largest distance from the named shape, of the range of the learning rate."""
