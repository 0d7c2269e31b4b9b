"""MkDocs without a mkdocs.yml, for a site of our pages only."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
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
from dlviz_docs.errors import DlvizError
from dlviz_docs.model import Problem
from dlviz_docs.options import Options
from dlviz_docs.view import Site
from mkdocs_dlviz.plugin import DlvizPlugin

__all__ = ["serve", "write"]

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


def write(runs: Path, site: Path, options: Options, cache_dir: Path, begun: Callable[[], Site]) -> tuple[Problem, ...]:
    """Write what `begun` gives into `site`; returns what was wrong with the files.

    The old site stays when the build fails, and when `strict` is set and there is a problem.
    """
    with _config(runs, site, options, cache_dir) as config, _quiet():
        plugin = _plugin(config)
        plugin.begun = begun
        config.plugins.on_startup(command="build", dirty=False)
        try:
            build_mkdocs(config)
        except MkDocsException as error:
            if not (options.strict and plugin.site.problems):
                raise DlvizError(str(error.__context__ or error)) from error
        finally:
            plugin.begun = None  # MkDocs keeps the plugin for the next build of this process
            config.plugins.on_shutdown()
        return plugin.site.problems


def serve(runs: Path, site: Path, options: Options, cache_dir: Path, address: str) -> None:
    """Build into `site` and serve it until Ctrl-C; what changes in `runs` is built again, and open pages reload."""
    host, _, port = address.rpartition(":")
    with _config(runs, site, options, cache_dir) as config:
        config.plugins.on_startup(command="serve", dirty=False)

        def rebuild() -> None:
            build_mkdocs(config, serve_url=f"http://{address}/")

        server = LiveReloadServer(builder=rebuild, host=host, port=int(port), root=str(site))
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
    ours = asdict(replace(options, experiments_dir=str(runs.resolve()), cache_dir=str(cache_dir), path=""))
    with TemporaryDirectory(prefix="dlviz-docs-") as empty:
        yield _validated(
            {
                "site_name": html.text(runs.resolve().name),
                "docs_dir": empty,
                "site_dir": str(site.resolve()),
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
