"""A site out of a folder of runs, without a mkdocs.yml: what `dlviz build` and `dlviz serve` do."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mkdocs.commands.build import build as build_mkdocs
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException
from mkdocs.livereload import LiveReloadServer

from dlviz_docs import html
from dlviz_docs.build import Progress
from dlviz_docs.errors import DlvizError
from dlviz_docs.model import Problem
from dlviz_docs.options import Options
from mkdocs_dlviz.plugin import STYLES, DlvizPlugin

__all__ = ["build_site", "serve_site"]

_PALETTE = [
    {
        "media": "(prefers-color-scheme)",
        "primary": "white",
        "toggle": {"icon": "material/brightness-auto", "name": "Switch to light"},
    },
    {
        "media": "(prefers-color-scheme: light)",
        "scheme": "default",
        "primary": "white",
        "toggle": {"icon": "material/weather-sunny", "name": "Switch to dark"},
    },
    {
        "media": "(prefers-color-scheme: dark)",
        "scheme": "slate",
        "primary": "black",
        "toggle": {"icon": "material/weather-night", "name": "Follow the system"},
    },
]
_THEME = {
    "name": "material",
    "font": False,  # the system's: no request leaves the machine
    "icon": {"logo": "material/chart-line-variant"},
    "palette": _PALETTE,
    "features": ["navigation.indexes", "navigation.sections", "navigation.top", "toc.follow", "search.highlight"],
}


def build_site(
    runs: Path, site: Path, options: Options, cache_dir: Path, progress: Progress | None = None
) -> tuple[Problem, ...]:
    """Build `runs` into `site`, and write nothing else but the cache; returns what was wrong with the files.

    The old site stays when the build fails, and when `strict` is set and there is a problem.
    """
    _refuse_foreign(site)
    with _config(runs, site, options, cache_dir) as config, _quiet():
        plugin = _plugin(config)
        plugin.progress = progress
        config.plugins.on_startup(command="build", dirty=False)
        try:
            build_mkdocs(config)
        except MkDocsException as error:
            if not (options.strict and plugin.site.problems):
                raise DlvizError(str(error.__context__ or error)) from error
        finally:
            config.plugins.on_shutdown()
        return plugin.site.problems


def serve_site(runs: Path, options: Options, cache_dir: Path, address: str) -> None:
    """Build and serve at "host:port" until Ctrl-C; what changes in `runs` is built again, and open pages reload."""
    host, _, port = address.rpartition(":")
    with TemporaryDirectory(prefix="dlviz-") as folder, _config(runs, Path(folder), options, cache_dir) as config:
        config.plugins.on_startup(command="serve", dirty=False)

        def rebuild() -> None:
            build_mkdocs(config, serve_url=f"http://{address}/")

        server = LiveReloadServer(builder=rebuild, host=host, port=int(port), root=folder)
        try:
            rebuild()
            server.watch(str(runs))
            server.serve()
        except MkDocsException as error:
            raise DlvizError(str(error.__context__ or error)) from error
        except KeyboardInterrupt:
            pass  # the way to end it
        finally:
            server.shutdown()
            config.plugins.on_shutdown()


@contextmanager
def _quiet() -> Iterator[None]:
    """MkDocs logs the problems that are returned, and the error that is raised: once is enough."""
    handler = logging.NullHandler()
    logger = logging.getLogger("mkdocs")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def _config(runs: Path, site: Path, options: Options, cache_dir: Path) -> Iterator[MkDocsConfig]:
    """A configuration for a site of our pages only, with them at its root."""
    runs, site = runs.resolve(), site.resolve()
    exclude = options.exclude
    if site.is_relative_to(runs) and site != runs:
        exclude = (*exclude, f"{site.relative_to(runs).as_posix()}/**")
    ours = asdict(replace(options, experiments_dir=str(runs), cache_dir=str(cache_dir), path="", exclude=exclude))
    with TemporaryDirectory(prefix="dlviz-docs-") as empty:
        yield _validated(
            {
                "site_name": html.text(runs.name),
                "docs_dir": empty,
                "site_dir": str(site),
                "use_directory_urls": False,
                "theme": dict(_THEME),
                "plugins": ["search", {"dlviz": ours}],
            }
        )


def _validated(settings: dict[str, Any]) -> MkDocsConfig:
    # Material prints a notice about its own future; these are its and ProperDocs' switches for it.
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    os.environ.setdefault("DISABLE_MKDOCS_2_WARNING", "true")
    config = MkDocsConfig()
    config.load_dict(settings)
    errors, _ = config.validate()
    if errors:
        raise DlvizError("; ".join(str(message) for _, message in errors))
    return config


def _plugin(config: MkDocsConfig) -> DlvizPlugin:
    plugin = config.plugins["dlviz"]
    assert isinstance(plugin, DlvizPlugin)  # noqa: S101  (we put it there)
    return plugin


def _refuse_foreign(site: Path) -> None:
    """A build replaces the whole folder: only an empty one, or a site of ours."""
    if site.is_dir() and any(site.iterdir()) and not (site / STYLES[0]).exists():
        raise DlvizError(f"{site} is not a site of ours, and would be replaced: name another folder.")
