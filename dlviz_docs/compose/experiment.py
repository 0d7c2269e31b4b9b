"""The pages of one experiment: an overview, and one page for each further topic."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile

from markupsafe import Markup

from dlviz_docs import html, names
from dlviz_docs.charts import chart_context
from dlviz_docs.charts.player import Files
from dlviz_docs.compose.templating import render
from dlviz_docs.model import Experiment, Insight, Problem, Severity
from dlviz_docs.view import (
    Cell,
    Chart,
    Column,
    Diagram,
    Fact,
    Figure,
    Gallery,
    Heading,
    Matrix,
    Overlay,
    Page,
    Player,
    Plot,
    Section,
    Sweep,
    Table,
    Thumb,
    Treemap,
)

__all__ = ["compose_experiment"]

OVERVIEW = "overview"
ROWS_IN_SIGHT = 20
"""A longer table that cannot be searched starts folded."""
FACTS = 5
"""Of one topic on the front page; what more there is, is counted."""
DESCRIPTION_LENGTH = 160
"""Characters that search engines show."""
_WORST_FIRST: Sequence[Severity] = ("serious", "warning", "info")


@dataclass(frozen=True, slots=True)
class Tab:
    """A link to a page of the same experiment."""

    title: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One finding, and the other runs of which the same is true."""

    lead: Insight
    others: tuple[Insight, ...]
    color: int | None
    href: str


@dataclass(frozen=True, slots=True)
class Group:
    """Finished figures under one heading."""

    heading: Heading
    figures: tuple[Markup, ...]
    entries: tuple[Heading, ...]
    named: bool = False
    """Whether the first figure is called as the group is, and need not say it again."""


def compose_experiment(experiment: Experiment, sections: Sequence[Section]) -> tuple[Page, ...]:
    """The overview first, whether there is a section for it or not."""
    overview = next((section for section in sections if section.topic == OVERVIEW), Section(OVERVIEW, "Overview"))
    topics = (overview, *(section for section in sections if section.topic != OVERVIEW))
    ordered = tuple(part for section in topics for part in _pages_of(section))
    composer = _Composer(experiment, ordered, {section.topic: _path(experiment, section) for section in ordered})
    return composer.overview(overview), *(composer.topic(section) for section in ordered[1:])


def _pages_of(section: Section) -> Iterator[Section]:
    """The topic's own page with all its findings, then the pages below it."""
    yield replace(section, figures=tuple(figure for figure in section.figures if not figure.page))
    pages = list(dict.fromkeys(figure.page for figure in section.figures if figure.page))
    for name, slug in zip(pages, names.unique_slugs(pages), strict=True):
        figures = tuple(figure for figure in section.figures if figure.page == name)
        shown = {figure.id for figure in figures}
        yield replace(
            section,
            topic=f"{section.topic}/{slug}",
            title=name,
            figures=figures,
            insights=tuple(insight for insight in section.insights if insight.figure in shown),
            problems=(),
            facts=(),
            parent=section.topic,
        )


def _path(experiment: Experiment, section: Section) -> str:
    folder = "" if section.topic == OVERVIEW else "/".join(names.slug(part) for part in section.topic.split("/"))
    return posixpath.join(experiment.slug, folder, "index.html")


@dataclass(frozen=True, slots=True)
class _Composer:
    """The pages of one experiment, which link to each other."""

    experiment: Experiment
    sections: tuple[Section, ...]
    paths: Mapping[str, str]

    def overview(self, section: Section) -> Page:
        """The front page: facts, findings of all topics, main curves, the author's notes, then the tables."""
        pairs = list(takewhile(_is_pairs, section.figures))
        topics = [one for one in self.sections if not one.parent]
        facts = _with_facts(pairs, [fact for one in topics for fact in _few_facts(one)])
        charts = [figure for figure in section.figures if isinstance(figure.spec, Chart)]
        rest = [figure for figure in section.figures[len(pairs) :] if not isinstance(figure.spec, Chart)]
        curves = [self._group("Main curves", charts, section)] if charts else []
        story = html.markdown(self.experiment.story, title=self.experiment.title)
        notes = [Heading(2, "notes", "Notes")] if story else []
        tables = self._groups(rest, section)
        cards = self._cards([insight for one in topics for insight in one.insights], section)
        problems = [
            *self.experiment.problems,
            *(problem for run in self.experiment.runs for problem in run.problems),
            *(problem for one in topics for problem in one.problems),
        ]
        body = self._render(
            "pages/overview.html.j2",
            section,
            facts=[_table(figure) for figure in facts],
            cards=cards,
            curves=curves,
            story=story,
            tables=tables,
            problems=problems,
        )
        headings = [*_findings(cards), *_entries(curves), *notes, *_entries(tables), *_problems(problems)]
        return self._page(section, self.experiment.title, body, headings)

    def topic(self, section: Section) -> Page:
        """One topic's findings and figures."""
        cards, groups = self._cards(section.insights, section), self._groups(section.figures, section)
        parent = next((one.title for one in self.sections if one.topic == section.parent), "")
        values = {"cards": cards, "groups": groups, "problems": section.problems, "parent": parent}
        body = self._render("pages/topic.html.j2", section, **values)
        headings = [*_findings(cards), *_entries(groups), *_problems(section.problems)]
        title = f"{parent}: {section.title}" if parent else section.title
        return self._page(section, f"{title} – {self.experiment.title}", body, headings)

    def _render(self, template: str, section: Section, **values: object) -> str:
        tabs, below = self._tabs(section), self._tabs_below(section)
        shared = {"experiment": self.experiment, "section": section, "root": self._root(section)}
        return str(render(template, **shared, tabs=tabs, below=below, **values))

    def _page(self, section: Section, title: str, body: str, headings: Iterable[Heading]) -> Page:
        return Page(
            path=self.paths[section.topic],
            title=title,
            description=_description(self.experiment, section),
            body=body,
            headings=tuple(headings),
            topic=section.topic,
            experiment=self.experiment.slug,
        )

    def _tabs(self, current: Section) -> list[Tab]:
        """None for an experiment of one page."""
        topics = [section for section in self.sections if not section.parent]
        return self._links(topics, current) if len(topics) > 1 else []

    def _tabs_below(self, current: Section) -> list[Tab]:
        """The pages of a topic that has several."""
        topic = current.parent or current.topic
        return self._links([section for section in self.sections if section.parent == topic], current)

    def _links(self, sections: Iterable[Section], current: Section) -> list[Tab]:
        here, near = posixpath.dirname(self.paths[current.topic]), (current.topic, current.parent)
        return [Tab(s.title, posixpath.relpath(self.paths[s.topic], here), s.topic in near) for s in sections]

    def _root(self, section: Section) -> str:
        return "../" * self.paths[section.topic].count("/")

    # --- figures ---

    def _groups(self, figures: Iterable[Figure], section: Section) -> list[Group]:
        """Neighbours of one group stand under one heading."""
        by_group = groupby(figures, key=lambda figure: figure.group or section.title)
        return [self._group(title, list(members), section) for title, members in by_group]

    def _group(self, title: str, figures: Sequence[Figure], section: Section) -> Group:
        entries = tuple(Heading(3, figure.id, figure.title) for figure in figures if figure.title != title)
        drawn = tuple(self._draw(figure, section) for figure in figures)
        named = figures[0].title == title
        return Group(Heading(2, f"group-{names.slug(title)}", title), drawn, entries, named)

    def _draw(self, figure: Figure, section: Section) -> Markup:
        root = self._root(section)
        if isinstance(figure.spec, Table):
            return _table(figure)
        if isinstance(figure.spec, Chart):
            context = chart_context(figure, experiment=self.experiment.slug, root=root)
            return render("figures/chart.html.j2", **context)
        from dlviz_docs.charts.diagram import diagram_context
        from dlviz_docs.charts.gallery import gallery_context
        from dlviz_docs.charts.matrix import matrix_context
        from dlviz_docs.charts.overlay import overlay_context
        from dlviz_docs.charts.player import player_context
        from dlviz_docs.charts.plot import plot_context
        from dlviz_docs.charts.sweep import sweep_context
        from dlviz_docs.charts.treemap import treemap_context

        match figure.spec:
            case Plot():
                return render("figures/plot.html.j2", **plot_context(figure, sprite=_sprite(figure, section, root)))
            case Matrix():
                return render("figures/matrix.html.j2", **matrix_context(figure))
            case Sweep():
                return render("figures/sweep.html.j2", **sweep_context(figure))
            case Gallery():
                return render("figures/gallery.html.j2", **gallery_context(figure, _address(section, root)))
            case Overlay():
                return render("figures/overlay.html.j2", **overlay_context(figure, _address(section, root)))
            case Diagram():
                context = diagram_context(figure, _address(section, root), root=root)
                return render("figures/diagram.html.j2", **context)
            case Player():
                return render("figures/player.html.j2", **player_context(figure, self._played(figure, section)))
            case Treemap():
                return render("figures/treemap.html.j2", **treemap_context(figure, root=root))

    def _played(self, figure: Figure, section: Section) -> Files:
        """Where the steps, pictures and films of a player lie."""
        start = f"{figure.id}#"
        data = {word.removeprefix(start): path for word, path in section.plays.items() if word.startswith(start)}
        return Files(self.experiment.slug, self._root(section), data, section.reels, section.films)

    # --- findings ---

    def _cards(self, insights: Iterable[Insight], here: Section) -> list[Card]:
        """The worst first; what is true of several runs is said once."""
        alike: defaultdict[tuple[Severity, str, str], dict[str, Insight]] = defaultdict(dict)
        for insight in insights:
            # Two topics may tell the same sentence.
            alike[insight.severity, insight.kind, insight.metric].setdefault(f"{insight.run}: {insight.text}", insight)
        ordered = sorted(alike.items(), key=lambda item: _WORST_FIRST.index(item[0][0]))
        return [self._card(list(said.values()), here) for _, said in ordered]

    def _card(self, said: Sequence[Insight], here: Section) -> Card:
        lead, *others = said
        color = next((run.color for run in self.experiment.runs if lead.run in (run.slug, run.name)), None)
        return Card(lead, tuple(others), color, self._where(lead, here))

    def _where(self, insight: Insight, here: Section) -> str:
        """The figure that shows it: on the topic's own page rather than in the overview's selection."""
        for section in reversed(self.sections):
            if insight.figure and any(figure.id == insight.figure for figure in section.figures):
                page = posixpath.relpath(self.paths[section.topic], posixpath.dirname(self.paths[here.topic]))
                return f"#{insight.figure}" if section is here else f"{page}#{insight.figure}"
        return ""


def _address(section: Section, root: str) -> Callable[[Thumb], str]:
    """Where a picture's file lies, from the page; "" where none could be made."""

    def address(thumb: Thumb) -> str:
        path = section.thumbs.get(f"{thumb.side}/{thumb.key}")
        return f"{root}{path}" if path else ""

    return address


def _sprite(figure: Figure, section: Section, root: str) -> Mapping[str, object] | None:
    """The small pictures behind a figure's dots, as its script wants them."""
    sprite = section.sprites.get(figure.id)
    if sprite is None:
        return None
    places = {key: place for place, key in enumerate(sprite.keys)}
    return {"address": f"{root}{sprite.path}", "tile": sprite.tile, "columns": sprite.columns, "places": places}


def _few_facts(section: Section) -> Iterator[Fact]:
    """What a topic comes to: a handful of lines, and how many there are beside."""
    yield from section.facts[:FACTS]
    if more := len(section.facts[FACTS:]):
        yield Fact(f"and {more:,} more", f"on the page {section.title}")


def _with_facts(pairs: Sequence[Figure], facts: Sequence[Fact]) -> list[Figure]:
    """The first table of names and values, with what the other topics come to."""
    if not facts:
        return list(pairs)
    rows = tuple((Cell(fact.label), Cell(fact.text)) for fact in facts)
    if not pairs:
        empty = Table((Column("Fact"), Column("Value")), ())
        pairs = [Figure("facts", "At a glance", "What the files come to.", empty, "At a glance")]
    first, *others = pairs
    told = first.spec.rows if isinstance(first.spec, Table) else ()
    return [replace(first, spec=Table((Column("Fact"), Column("Value")), (*told, *rows))), *others]


def _is_pairs(figure: Figure) -> bool:
    """Whether a table only gives one value to each name: it needs no header, and nobody sorts it."""
    return isinstance(figure.spec, Table) and len(figure.spec.columns) == 2 and not figure.spec.searchable


def _table(figure: Figure) -> Markup:
    folded = isinstance(figure.spec, Table) and not figure.spec.searchable and len(figure.spec.rows) > ROWS_IN_SIGHT
    return render("figures/table.html.j2", figure=figure, pairs=_is_pairs(figure), folded=folded)


def _findings(cards: Sequence[Card]) -> Iterator[Heading]:
    if cards:
        yield Heading(2, "findings", "Findings")


def _entries(groups: Iterable[Group]) -> Iterator[Heading]:
    for group in groups:
        yield group.heading
        yield from group.entries


def _problems(problems: Sequence[Problem]) -> Iterator[Heading]:
    if problems:
        yield Heading(2, "problems", "Problems")


def _description(experiment: Experiment, section: Section) -> str:
    """A sentence for search engines and link previews."""
    own = " ".join(experiment.description.split()) if section.topic == OVERVIEW else ""
    shown = ", ".join(figure.title for figure in section.figures[:6] if figure.title)
    text = own or f"{section.title} of {experiment.title}{': ' if shown else ''}{shown}"
    return text if len(text) <= DESCRIPTION_LENGTH else f"{text[: DESCRIPTION_LENGTH - 1].rstrip()}…"
