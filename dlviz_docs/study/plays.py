"""The steps of episodes as scripts of their own: a page with a thousand of them is as light as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from dlviz_docs.cache import Cache
from dlviz_docs.charts.player_data import data_key, lightened, play_script
from dlviz_docs.view import Figure, Player, Section

__all__ = ["Plays"]

SCRIPT = ".js"


@dataclass(slots=True)
class Plays:
    """Puts the steps of players into the cache."""

    experiment: str
    """Its slug: pages of several experiments may stand in one tab, one after the other."""
    cache: Cache
    kept: list[tuple[str, str]] = field(default_factory=list)
    """As `Study.plays` wants them."""

    def apart(self, sections: Iterable[Section]) -> Iterator[Section]:
        """The sections with players that name their episodes, and hold the steps of the first alone."""
        for section in sections:
            yield replace(section, figures=tuple(self._figure(figure) for figure in section.figures))

    def _figure(self, figure: Figure) -> Figure:
        player = figure.spec
        if not isinstance(player, Player):
            return figure
        for play in player.plays:
            if play.length:
                script = play_script(data_key(self.experiment, figure.id, play.key), player, play)
                self.kept.append((f"{figure.id}#{play.key}", self.cache.put_file(script, SCRIPT)))
        return replace(figure, spec=lightened(player))
