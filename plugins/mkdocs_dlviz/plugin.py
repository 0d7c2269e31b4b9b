"""The adapter for MkDocs and ProperDocs: takes a `Site` from the engine and hands it over, event by event."""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import ConfigurationError, PluginError
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink, TableOfContents
from mkdocs.utils import CountHandler, get_relative_url
from mkdocs.utils.templates import TemplateContext

from dlviz_docs import html, view
from dlviz_docs.build import build
from dlviz_docs.compose import outline
from dlviz_docs.errors import DlvizError
from mkdocs_dlviz.config import DlvizConfig
from mkdocs_dlviz.nav import Entry, WindowedNav
from mkdocs_dlviz.offline import SHIM, add_search, insert_shim
from mkdocs_dlviz.staging import Staging

__all__ = ["DlvizPlugin"]

STYLES = (
    "assets/dlviz.css",
    "assets/figures.css",
    "assets/plots.css",
    "assets/gallery.css",
    "assets/overlay.css",
    "assets/player.css",
)
SCRIPTS = ("assets/dlviz.js", "assets/tables.js")
"""Ours, on every page of the site: instant navigation does not run the scripts of a page it goes to."""
INDEX = "index.html"
_ID = re.compile(r'\sid="([^"]+)"')
log = get_plugin_logger("dlviz")


class DlvizPlugin(BasePlugin[DlvizConfig]):
    """`dlviz` in mkdocs.yml. Lives through all rebuilds of `mkdocs serve`."""

    begun: Callable[[], view.Site] | None = None
    """Gives the site where the command line had the engine begin before MkDocs was imported."""
    site = view.Site()
    """What the engine made of the folder, last time."""
    _staging: Staging | None = None
    _staged = False
    _pages: dict[str, view.Page]
    """Our pages by the address of their source."""
    _nav: WindowedNav | None = None

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Called once; `serve` has a folder of its own, and a dirty build needs the old files."""
        self._staged = command != "serve" and not dirty

    @event_priority(100)
    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Before MkDocs clears the site, and before other plugins ask where it is. Runs again on every rebuild."""
        experiments = Path(self.config.options.experiments_dir)
        self._refuse_bad_folders(experiments, Path(self.config.options.cache_dir), Path(config.site_dir))
        for ours, listed in ((STYLES, config.extra_css), (SCRIPTS, config.extra_javascript)):
            listed[:0] = [address for path in ours if (address := self._mounted(path)) not in listed]
        if str(experiments) not in config.watch:
            config.watch.append(str(experiments))
        if config.theme.name == "material" and config.theme.get("font") is not False:
            log.info("the theme loads its fonts from another host: set `font: false` under `theme` to stay offline")
        if self._staged and Staging.possible(Path(config.site_dir)):
            self._staging = Staging(Path(config.site_dir))
            config.site_dir = str(self._staging.begin())
        return config

    @event_priority(50)
    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Before plugins that make a navigation out of the files. A page the user wrote at the same address wins."""
        self.site = self._build()
        self._report()
        taken = {file.dest_uri for file in files if file.generated_by is None}
        self._pages = {}
        for page in self.site.pages:
            if (address := self._mounted(page.path)) not in taken:
                file = _page_file(config, address, in_nav=page.path == INDEX)
                files.append(file)
                self._pages[file.src_uri] = page
        for asset in self.site.assets:
            if (address := self._mounted(asset.path)) not in taken:
                files.append(_asset_file(config, address, asset))
        return files

    @event_priority(-40)
    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """After plugins that rewrite the navigation; ours is put in page by page."""
        labels = {part.path: part.title for item in self.site.nav for part in (item, *item.children)}
        for uri, ours in self._pages.items():
            file = files.get_file_from_path(uri)
            if file and file.page and file.page.title is None:  # else the user's `nav` names it
                file.page.title = html.text(labels.get(ours.path, ours.title))
        self._nav = None
        pages = {file.dest_uri: file.page for file in files.documentation_pages() if file.page}
        if index := pages.get(self._mounted(INDEX)):
            entries = [entry for item in self.site.nav if (entry := self._entry(item, pages))]
            self._nav = WindowedNav(nav, index, entries)
        return nav

    @event_priority(100)
    def on_page_content(self, content: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Past Markdown; before plugins that look at finished HTML."""
        ours = self._pages.get(page.file.src_uri)
        if ours is None:
            return content
        page.meta.update(title=html.text(ours.title), description=html.attr(ours.description))
        page.toc = _table_of_contents(ours.headings)
        body = _body(ours)
        page.present_anchor_ids = set(_ID.findall(body))
        return outline(body)

    @event_priority(-50)
    def on_page_context(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """After the search plugin, which needs no pictures; the theme sees only the navigation around the page."""
        if ours := self._pages.get(page.file.src_uri):
            page.content = _body(ours)
        if self._nav and (window := self._nav.around(page)):
            context["nav"] = window
        return context

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """The search is on hand-written pages too, so the shim is."""
        if page.file.src_uri in self._pages:
            page.content = None  # MkDocs keeps every page to the end
        return insert_shim(output, get_relative_url(self._mounted(SHIM), page.url))

    @event_priority(-100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """After the search plugin. MkDocs looks at its warnings only after this event, too late for the swap."""
        site = Path(config.site_dir)
        add_search(site, site / self.config.options.path)
        if self._staging:
            config.site_dir = str(self._staging.site)
            if not (config.strict and _warnings()):
                self._staging.commit()
            self._end_staging()

    def on_build_error(self, *, error: Exception) -> None:
        """The old site stays."""
        self._end_staging()

    def on_shutdown(self) -> None:
        """Reached on Ctrl-C too."""
        self._end_staging()

    def _end_staging(self) -> None:
        if self._staging:
            self._staging.discard()
            self._staging = None

    def _build(self) -> view.Site:
        options = self.config.options
        try:
            if self.begun:
                return self.begun()
            return build(Path(options.experiments_dir), options, Path(options.cache_dir))
        except DlvizError as error:
            raise PluginError(f"dlviz: {error}") from error

    def _report(self) -> None:
        """One warning for each problem, so that MkDocs' own strict mode fails too."""
        for problem in self.site.problems:
            log.warning("%s", problem.told)
        if self.config.options.strict and self.site.problems:
            raise PluginError(f"dlviz: {len(self.site.problems)} problems, and `strict` is set")

    def _refuse_bad_folders(self, experiments: Path, cache: Path, site: Path) -> None:
        if not experiments.is_dir():
            raise ConfigurationError(f"dlviz: experiments_dir: there is no folder {experiments}")
        if experiments.is_relative_to(site.resolve()):
            raise ConfigurationError(f"dlviz: the site would replace the runs: {experiments} lies inside {site}")
        if cache.is_relative_to(experiments):
            raise ConfigurationError(
                f"dlviz: cache_dir: {cache} lies inside the folder of runs, which is never written"
            )

    def _mounted(self, path: str) -> str:
        return posixpath.join(self.config.options.path, path)

    def _entry(self, item: view.NavItem, pages: Mapping[str, Page]) -> Entry | None:
        """None if a plugin after us took all of its pages out."""
        found = [pages.get(self._mounted(part.path)) for part in (item, *item.children)]
        shown = tuple(page for page in found if page)
        return Entry(html.text(item.title), shown) if shown else None


def _source(address: str) -> str:
    """The Markdown file MkDocs would make this page of."""
    return address.removesuffix(".html") + ".md"


def _page_file(config: MkDocsConfig, address: str, *, in_nav: bool) -> File:
    """Addressed as index.html whatever `use_directory_urls` says: a folder's address is no page on disk."""
    level = InclusionLevel.UNDEFINED if in_nav else InclusionLevel.NOT_IN_NAV
    file = File.generated(config, _source(address), content="", inclusion=level)
    file.url = address
    return file


def _body(page: view.Page) -> str:
    try:
        return Path(page.file).read_text(encoding="utf-8") if page.file else page.body
    except OSError as error:
        raise PluginError(f"dlviz: {page.file} was taken away meanwhile, as by a second build: build again") from error


def _asset_file(config: MkDocsConfig, address: str, asset: view.Asset) -> File:
    if isinstance(asset.content, Path):
        return File.generated(config, address, abs_src_path=str(asset.content), inclusion=InclusionLevel.INCLUDED)
    return File.generated(config, address, content=asset.content, inclusion=InclusionLevel.INCLUDED)


def _table_of_contents(headings: Sequence[view.Heading]) -> TableOfContents:
    """A tree out of a list: each heading goes below the last one of a higher rank."""
    top: list[AnchorLink] = []
    trail: list[AnchorLink] = []
    for heading in headings:
        link = AnchorLink(html.text(heading.title), heading.id, heading.level)
        while trail and trail[-1].level >= link.level:
            trail.pop()
        (trail[-1].children if trail else top).append(link)
        trail.append(link)
    return TableOfContents(top)


def _warnings() -> int:
    """What MkDocs (or ProperDocs) has counted so far for its strict mode."""
    root = log.logger.name.partition(".")[0]
    counters = [handler for handler in logging.getLogger(root).handlers if isinstance(handler, CountHandler)]
    return sum(count for counter in counters for _, count in counter.get_counts())
