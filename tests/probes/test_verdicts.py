"""Which method is chosen, and in what words."""

from __future__ import annotations

import pytest

from dlviz_docs.model.probes import Faithfulness
from dlviz_docs.probes.verdicts import best_method


@pytest.mark.parametrize(
    ("road", "method", "how"),
    [
        (0.30, "hirescam", "hirescam is the most faithful (ROAD 0.40, random maps 0.01)"),
        (0.43, "hirescam", "hirescam is within a standard error of the most faithful, occlusion (ROAD 0.40, random"),
        (0.50, "occlusion", "occlusion is the most faithful (ROAD 0.50, random maps 0.01)"),
    ],
)
def test_the_usual_method_is_called_the_best_only_where_it_is(road: float, method: str, how: str) -> None:
    judged = (
        Faithfulness("hirescam", "layer4", 16, 0.40, 0.05),
        Faithfulness("occlusion", "", 16, road, 0.05),
        Faithfulness("random", "", 16, 0.01, 0.05),
    )
    chosen, why = best_method(judged, (), "layer4")
    assert chosen == method
    assert how in why
