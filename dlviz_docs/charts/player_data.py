"""The steps of an episode on their way to the browser: a classic script for each, loaded when it is chosen.

    dlviz.put("experiment/figure/3", {"n": 500, "traces": {"td": ...}, "state": [...], "moments": [...]})

Arrays are coded as in `coding`: at most two bytes a number before base64, which is exact to 1 in 65,000 of a curve's
range; what takes few values is exact. A column of the state that is a trace too is told by that one's name. Texts are
plain, for text nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dlviz_docs import html
from dlviz_docs.charts.coding import Coded, coded
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Play, Player

__all__ = ["data_key", "lightened", "play_script"]


def data_key(experiment: str, figure: str, play: str) -> str:
    """What the script's data are found by."""
    return f"{experiment}/{figure}/{play}"


def play_script(key: str, player: Player, play: Play) -> bytes:
    """The script that gives the browser one episode."""
    wanted = {trace.name for track in player.tracks for trace in track.traces}
    traces = {name: values for name, values in play.values.items() if name in wanted}
    told: dict[str, object] = {
        "n": play.length,
        "traces": {name: coded(values) for name, values in traces.items()},
        "moments": [[one.step, html.text(one.kind).unescape(), html.text(one.text).unescape()] for one in play.moments],
    }
    if play.state is not None:
        told["state"] = [_column(column, traces) for column in play.state.T]
    if play.pictured is not None:
        told["pictured"] = coded(play.pictured.astype(np.float64))
    return f"dlviz.put({html.json_script(key)},{html.json_script(told)});\n".encode()


def _column(column: FloatArray, traces: Mapping[str, FloatArray]) -> Coded | str:
    """The name of a trace that has the same numbers, or the numbers."""
    same = (name for name, values in traces.items() if np.array_equal(values, column, equal_nan=True))
    return next(same, None) or coded(np.ascontiguousarray(column))


def lightened(player: Player) -> Player:
    """Without what scripts of their own bring: only the episode it opens with keeps its steps."""
    plays = (
        play if place == player.start else replace(play, values={}, state=None, moments=(), pictured=None)
        for place, play in enumerate(player.plays)
    )
    return replace(player, plays=tuple(plays))
