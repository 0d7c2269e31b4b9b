"""Episodes to play: the first one's tracks as finished pictures, and all that the script needs to find the others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dlviz_docs import html
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
        "plays": [_play(play, recordings, files) for play in player.plays],
        "tracks": [_track(track) for track in player.tracks],
        "scene": _scene(player),
        "actions": [_plain(name) for name in player.actions],
        "highlights": [[one.play, one.step, _plain(one.text)] for one in player.highlights],
    }


def _play(play: Play, recordings: Sequence[str], files: Files) -> dict[str, object]:
    told: dict[str, object] = {
        "key": _plain(play.key),
        "title": _plain(play.title),
        "of": recordings.index(play.recording),
        "run": _plain(play.run),
        "n": play.length,
        "facts": [_plain(value) for _, value in play.facts],
        "total": play.total,
        "data": files.data.get(play.key, ""),
        "picks": list(play.picks),
        "film": files.films.get(play.film, ""),
    }
    if reel := files.reels.get(play.reel):
        told["reel"] = [list(reel.paths), reel.width, reel.height, reel.columns, reel.each, reel.frames]
    return {name: value for name, value in told.items() if value not in ("", [])}


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
