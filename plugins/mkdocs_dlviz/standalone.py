"""A site out of a folder of runs, without a mkdocs.yml: what `dlviz build` and `dlviz serve` do.

The engine begins before MkDocs is imported, which takes as long as reading some dozens of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from dlviz_docs.build import Progress, build
from dlviz_docs.errors import DlvizError
from dlviz_docs.model import Problem
from dlviz_docs.options import Options
from dlviz_docs.view import Site

__all__ = ["build_site", "serve_site"]

STOP_SECONDS = 3.0
"""How long the end of the program waits for a job that hangs."""


def build_site(
    runs: Path, site: Path, options: Options, cache_dir: Path, progress: Progress | None = None
) -> tuple[Problem, ...]:
    """Build `runs` into `site`, and write nothing else but the cache; returns what was wrong with the files.

    The old site stays when the build fails, and when `strict` is set and there is a problem.
    """
    _refuse_foreign(site)
    options = _without_the_site(options, runs, site)
    with _begun(lambda told: build(runs.resolve(), options, cache_dir, told), progress) as begun:
        from mkdocs_dlviz.bare import write

        return write(runs, site, options, cache_dir, begun)


def serve_site(runs: Path, options: Options, cache_dir: Path, address: str) -> None:
    """Build and serve at "host:port" until Ctrl-C; what changes in `runs` is built again, and open pages reload."""
    from mkdocs_dlviz.bare import serve

    with TemporaryDirectory(prefix="dlviz-") as folder:
        serve(runs, Path(folder), _without_the_site(options, runs, Path(folder)), cache_dir, address)


@contextmanager
def _begun(make: Callable[[Progress], Site], progress: Progress | None) -> Iterator[Callable[[], Site]]:
    """Start to make the site; what is given waits for it. Leaving early, as by Ctrl-C, stops it at its next step."""
    site: Future[Site] = Future()
    left = Event()

    def told(step: str, done: int, total: int) -> None:
        if left.is_set():
            raise InterruptedError
        if progress:
            progress(step, done, total)

    def work() -> None:
        try:
            site.set_result(make(told))
        except BaseException as error:  # noqa: BLE001  (raised again where the site is asked for)
            site.set_exception(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        yield site.result
    finally:
        left.set()
        thread.join(STOP_SECONDS)


def _without_the_site(options: Options, runs: Path, site: Path) -> Options:
    """A site inside the folder of runs is none of them."""
    runs, site = runs.resolve(), site.resolve()
    if not site.is_relative_to(runs) or site == runs:
        return options
    return replace(options, exclude=(*options.exclude, f"{site.relative_to(runs).as_posix()}/**"))


def _refuse_foreign(site: Path) -> None:
    """A build replaces the whole folder: only an empty one, or a site of ours."""
    if site.is_dir() and any(site.iterdir()) and not (site / "assets" / "dlviz.css").exists():
        raise DlvizError(f"{site} is not a site of ours, and would be replaced: name another folder.")
