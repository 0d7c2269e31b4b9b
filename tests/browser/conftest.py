"""Chromium without a network, a server, and a record of what pages ask for and complain about."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; in CI it has to be there."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is needed for the browser tests")
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, NO_NETWORK])
        yield browser
        browser.close()


@dataclass
class Visit:
    """One tab, and everything it asked for or complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings on the console, and exceptions."""

    @property
    def external(self) -> list[str]:
        """Requests that left the machine."""
        local = ("file:", "data:", "blob:", "http://127.0.0.1:")
        return [address for address in self.requests if not address.startswith(local)]

    def note_failure(self, address: str, reason: str) -> None:
        """Going to another page cancels what the last one still waited for: no failure of the site."""
        if reason != "net::ERR_ABORTED":
            self.complaints.append(f"{reason}: {address}")

    def expect_quiet(self) -> None:
        """Nothing left the machine, and nothing went wrong."""
        assert self.external == []
        assert self.complaints == []


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens tabs of their own profile: `visit(width=390, color_scheme="dark", java_script_enabled=False)`."""
    contexts = []

    def open_tab(*, width: int = 1440, height: int = 1000, **options: object) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        seen = Visit(context.new_page())
        context.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on("requestfailed", lambda request: seen.note_failure(request.url, request.failure or ""))
        seen.page.on(
            "console",
            lambda message: seen.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        return seen

    yield open_tab
    for context in contexts:
        context.close()


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name it has in the base class)
        """Not on the terminal."""


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Serves a folder; its address ends in a slash."""
    servers = []

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
