"""Episodes to play: the first one's tracks as finished pictures, and all that the script needs to find the others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs import html
from dlviz_docs.charts.coding import coded, coded_texts
from dlviz_docs.charts.player_data import data_key
from dlviz_docs.charts.player_lanes import lanes
from dlviz_docs.view import Figure, Play, Player, Reel, Track
from dlviz_docs.words import count

__all__ = ["Files", "player_context"]

MOST_ROWS = 60
"""Episodes in the table of the page without a script."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where the files of a player lie, relative to the page."""

    experiment: str
    root: str
    """Of our part of the site: "../../"."""
    data: Mapping[str, str]
    """By key of a play: paths in the site."""
    reels: Mapping[str, Reel]
    films: Mapping[str, str]


def player_context(figure: Figure, files: Files) -> dict[str, object]:
    """What `figures/player.html.j2` needs."""
    player = figure.spec
    if not isinstance(player, Player):
        raise TypeError(f"{figure.id} is not a player")
    play = player.plays[player.start] if player.plays else Play("", "", 0)
    names = [name for name, _ in play.facts]
    return {
        "figure": figure,
        "play": play,
        "film": html.url(_at(files, files.films.get(play.film, ""))),
        "lanes": tuple(lanes(player, play)),
        "columns": names,
        "numeric": _numeric(player),
        "rows": [(f"{one.recording} · {one.title}".strip(" ·"), one) for one in player.plays[:MOST_ROWS]],
        "more": len(player.plays[MOST_ROWS:]),
        "shown": _shown(player),
        "scene": player.scene,
        "spec": html.json_script(_spec(figure.id, player, files)),
    }


def _shown(player: Player) -> str:
    shown = len(player.plays)
    if player.seen > shown:
        return f"{shown:,} of {count(player.seen, 'episode')} were kept."
    return ""


def _numeric(player: Player) -> list[str]:
    """Names of the facts that are numbers in every play."""
    names = [name for name, _ in player.plays[0].facts] if player.plays else []
    return [name for name in names if all(_is_number(dict(one.facts).get(name, "")) for one in player.plays)]


def _is_number(text: str) -> bool:
    """Or nothing at all; as `words.number` writes them."""
    return re.fullmatch(r"[−-]?[\d,.]*(e-?\d+)?", text) is not None


def _at(files: Files, path: str) -> str:
    return f"{files.root}{path}" if path else ""


def _plain(value: str) -> str:
    """As `html.text` has it, for a text node: characters nobody can see are made visible in both."""
    return html.text(value).unescape()


def _spec(figure: str, player: Player, files: Files) -> dict[str, object]:
    recordings = list(dict.fromkeys(play.recording for play in player.plays))
    return {
        "key": data_key(files.experiment, figure, ""),
        "root": files.root,
        "start": player.start,
        "recordings": [_plain(name) for name in recordings],
        "facts": [_plain(name) for name, _ in player.plays[0].facts] if player.plays else [],
        "numeric": [_plain(name) for name in _numeric(player)],
        "plays": _columns(player, recordings, files),
        "tracks": [_track(track) for track in player.tracks],
        "scene": _scene(player),
        "actions": [_plain(name) for name in player.actions],
        "highlights": [[one.play, one.step, _plain(one.text)] for one in player.highlights],
    }


def _columns(player: Player, recordings: Sequence[str], files: Files) -> dict[str, object]:
    """What is told of each play, by column: an attribute has five bytes for each quotation mark."""
    plays = player.plays
    texts: dict[str, list[str]] = {
        "key": [play.key for play in plays],
        "title": [play.title for play in plays],
        "run": [play.run for play in plays],
        "picks": [",".join(play.picks) for play in plays],
        "data": [files.data.get(play.key, "") for play in plays],
        "film": [files.films.get(play.film, "") for play in plays],
    }
    numbers = {
        "of": [recordings.index(play.recording) for play in plays],
        "n": [play.length for play in plays],
        "total": [play.total for play in plays],
    }
    facts = zip(*([value for _, value in play.facts] for play in plays), strict=True)
    return {
        **{name: coded_texts([_plain(text) for text in column]) for name, column in texts.items()},
        **{name: coded(np.array(column, np.float64)) for name, column in numbers.items()},
        "facts": [coded_texts([_plain(text) for text in column]) for column in facts],
        "reels": [_reel(files.reels.get(play.reel)) for play in plays] if any(play.reel for play in plays) else [],
    }


def _reel(reel: Reel | None) -> list[object] | None:
    if reel is None:
        return None
    return [list(reel.paths), reel.width, reel.height, reel.columns, reel.each, reel.frames]


def _track(track: Track) -> dict[str, object]:
    traces = [[one.name, _plain(one.label), one.color, one.dash] for one in track.traces]
    told: dict[str, object] = {"title": track.title, "kind": track.kind, "says": track.says, "traces": traces}
    if track.labels:
        told["labels"] = [_plain(label) for label in track.labels]
    return told | ({"own": {one.name: one.ends for one in track.traces}} if track.own_scale else {})


def _scene(player: Player) -> dict[str, object] | None:
    scene = player.scene
    if scene is None:
        return None
    return {
        "kind": scene.kind,
        "names": [_plain(name) for name in scene.names],
        "ends": scene.ends,
        "rows": scene.rows,
        "columns": scene.columns,
        "cells": scene.cells,
        "moves": scene.moves,
        "note": scene.note,
    }
