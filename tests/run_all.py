"""What `make test` runs: every step, whether the one before failed or not, and one closing line on all of them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from xml.etree import ElementTree

__all__ = ["STEPS", "main", "summary"]

STEPS: Mapping[str, Sequence[str]] = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy --strict": ("mypy",),
}


def main() -> int:
    """0 when everything passed."""
    start = monotonic()
    outcomes = {name: _run(*command) for name, command in STEPS.items()}
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        passed = _run("pytest", "-n", "2", f"--junitxml={results}")
        told = summary(results) if results.exists() else "tests: not run to the end"
    steps = ", ".join(f"{name} {'passed' if ok else 'FAILED'}" for name, ok in outcomes.items())
    print(f"\nSummary: {steps}; {told}; {monotonic() - start:.0f} s", flush=True)
    return 0 if passed and all(outcomes.values()) else 1


def _run(module: str, *arguments: str) -> bool:
    print(f"\n$ {' '.join((module, *arguments))}", flush=True)
    return subprocess.run([sys.executable, "-m", module, *arguments]).returncode == 0


def summary(results: Path) -> str:
    """ "812 tests: 800 passed, 12 skipped (12 x Chromium is not installed)", from pytest's JUnit file."""
    cases = list(ElementTree.parse(results).iter("testcase"))
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    reasons = Counter(skip.get("message", "no reason given") for case in cases for skip in case.iter("skipped"))
    skipped = sum(reasons.values())
    parts = [f"{len(cases) - failed - skipped:,} passed"]
    if failed:
        parts.append(f"{failed:,} FAILED")
    why = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common())
    parts.append(f"{skipped:,} skipped ({why})" if skipped else "none skipped")
    return f"{len(cases):,} test{'s' * (len(cases) != 1)}: {', '.join(parts)}"


if __name__ == "__main__":
    sys.exit(main())
