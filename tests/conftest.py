"""Options and places that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

# A busy machine must not fail a test, and a run in CI must say the same as the one before it.
settings.register_profile("dlviz", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("dlviz")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write what came out as what is expected; read the diff")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether expected outputs are to be written anew."""
    return bool(request.config.getoption("--rewrite"))


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Real experiment folders, which are not part of the repository."""
    folder = Path(os.environ.get("DLVIZ_CORPORA", ROOT / "../shared/corpora")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no corpora at {folder}: set DLVIZ_CORPORA")
    return folder
