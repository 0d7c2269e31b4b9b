"""A page of players as the engine makes it, without a site around it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from dlviz_docs.assets import TEMPLATES
from dlviz_docs.charts.player import Files, player_context
from dlviz_docs.charts.player_data import data_key, lightened, play_script
from dlviz_docs.compose.templating import render
from dlviz_docs.model.episodes import Recording
from dlviz_docs.renderers.episodes.player import players
from dlviz_docs.view import Figure, Player, Reel, reel_key

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Episodes</title>
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">{styles}
<style>body {{ margin: 0; background: {ground} }} main {{ max-width: 1180px; margin: auto; padding: 0 16px }}</style>
</head><body data-md-color-scheme="{scheme}"><main class="md-typeset dlviz-page"><article><h1>Episodes</h1><h2>Ours</h2>
{body}</article></main><script src="assets/dlviz.js"></script>
<script src="assets/tables.js"></script></body></html>"""
COLUMNS, EACH = 10, 100


def write(
    folder: Path, *groups: Sequence[Recording], scheme: str = "default", films: dict[str, bytes] | None = None
) -> str:
    """Page, assets, data and pictures, a player for each group of recordings; returns its address on disk."""
    shutil.copytree(TEMPLATES / "assets", folder / "assets", dirs_exist_ok=True)
    (folder / "exp").mkdir(exist_ok=True)
    for path, content in (films or {}).items():
        (folder / "exp" / Path(path).name).write_bytes(content)
    bodies = []
    for place, group in enumerate(groups):
        reels = {key: reel for one in group for key, reel in _reels(folder, one)}
        for figure in (one for one in players(group) if isinstance(one, Figure)):
            own = replace(figure, id=f"{figure.id}-{place}") if place else figure
            bodies.append(_drawn(folder, own, reels, list(films or {})))
    names = ("figures", "dlviz", "gallery", "player")
    styles = "".join(f'<link rel="stylesheet" href="assets/{name}.css">' for name in names)
    ground = "#fff" if scheme == "default" else "#1e2129"
    page = PAGE.format(styles=styles, scheme=scheme, ground=ground, body="\n".join(bodies))
    (folder / "index.html").write_text(page, encoding="utf-8")
    return (folder / "index.html").as_uri()


def _drawn(folder: Path, figure: Figure, reels: dict[str, Reel], films: Sequence[str]) -> str:
    player = figure.spec
    assert isinstance(player, Player)
    data = {}
    for place, play in enumerate(player.plays):
        if play.length:
            data[play.key] = f"exp/{figure.id}-{place}.js"
            script = play_script(data_key("exp", figure.id, play.key), player, play)
            (folder / data[play.key]).write_bytes(script)
    light = Figure(figure.id, figure.title, figure.caption, lightened(player))
    told = Files("exp", "", data, reels, {path: f"exp/{Path(path).name}" for path in films})
    return str(render("figures/player.html.j2", **player_context(light, told)))


def _reels(folder: Path, recording: Recording) -> list[tuple[str, Reel]]:
    """Sheets of ten by ten pictures."""
    found = []
    for episode in recording.episodes:
        if episode.frames is None:
            continue
        pixels = episode.frames.pixels
        count, height, width = pixels.shape[:3]
        paths = []
        for start in range(0, count, EACH):
            own = pixels[start : start + EACH]
            sheet = np.zeros((-(-len(own) // COLUMNS) * height, COLUMNS * width, 3), np.uint8)
            for i, picture in enumerate(own):
                top, left = i // COLUMNS * height, i % COLUMNS * width
                sheet[top : top + height, left : left + width] = picture
            out = io.BytesIO()
            Image.fromarray(sheet).save(out, "WEBP", quality=80)
            paths.append(f"exp/{recording.name}-{episode.name}-{start}.webp")
            (folder / paths[-1]).write_bytes(out.getvalue())
        key = reel_key(recording.name, episode.name)
        found.append((key, Reel(tuple(paths), width, height, COLUMNS, EACH, count)))
    return found
