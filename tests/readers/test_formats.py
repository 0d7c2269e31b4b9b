"""One folder a case: input/ is read by the reader of that name, and must give expected.json.

`pytest --rewrite` writes what came out; the diff is read in review.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlviz_docs.errors import ReadError
from dlviz_docs.registry import load_readers

FORMATS = Path(__file__).parent / "formats"
CASES = sorted(path.parent for path in FORMATS.glob("*/*/input"))


def plain(value: object) -> Any:
    """A reading as JSON: arrays in one line, non-finite numbers as words, and only fields that say something."""
    if isinstance(value, np.ndarray):
        return " ".join(f"{item!r}" for item in value.tolist())
    if is_dataclass(value) and not isinstance(value, type):
        told = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: plain(item) for name, item in told.items() if item is not None and not _is_empty(item)}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return repr(value) if isinstance(value, float) and not np.isfinite(value) else value


def _is_empty(value: object) -> bool:
    return isinstance(value, str | tuple | dict) and not value


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path, rewrite: bool) -> None:
    readers, _ = load_readers({})
    found: dict[str, Any] = {}
    for path in sorted(p for p in (case / "input").rglob("*") if p.is_file()):
        taker = next((name for name, reader in readers.items() if reader.matches(path)), None)
        place = str(path.relative_to(case / "input"))
        assert taker == case.parent.name, f"{place} is taken by {taker}"
        try:
            found[place] = plain(readers[taker].read(path))
        except ReadError as error:
            found[place] = {"error": error.what, "remedy": error.remedy, "partial": plain(error.partial)}
    expected = case / "expected.json"
    text = json.dumps(found, indent=1, ensure_ascii=True) + "\n"
    if rewrite:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
