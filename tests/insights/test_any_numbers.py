"""Whatever numbers a file holds, a run is observed and drawn without an error or a warning."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlviz_docs.insights import observe
from dlviz_docs.model import Experiment, Objective, Run, Series
from dlviz_docs.renderers.training import Training

NAMES = ("train/loss", "val/loss", "val/accuracy", "reward", "lr", "epoch", "zeta")
NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 5e-324, 1.7e308, -1.7e308, np.nan, np.inf, -np.inf]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(0, 1, width=16),
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    found = []
    for name in draw(st.sets(st.sampled_from(NAMES), min_size=1)):
        n = draw(st.integers(0, 80))
        values = draw(arrays(np.float64, n, elements=NUMBERS))
        steps = np.sort(draw(arrays(np.float64, n, elements=st.floats(-1e9, 1e12))))
        marked = draw(arrays(np.bool_, n)) if draw(st.booleans()) else None
        times = steps + 1e9 if draw(st.booleans()) else None
        found.append(Series(name, name, steps, values, superseded=marked, times=times))
    return Run("a", "a", tuple(found), started=0.0)


@settings(max_examples=50, deadline=None)
@given(runs())
def test_any_run_is_observed_and_drawn(run: Run) -> None:
    for insight in observe(run):
        assert insight.text
    experiment = Experiment("e", "E", "e", (run,), objective=Objective("val/loss", "min"))
    assert all(shown is not None for shown in Training()(experiment))
