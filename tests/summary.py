"""One line on what the tests did, from pytest's JUnit file: passed, failed, skipped and why."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

__all__ = ["summary"]


def summary(results: Path) -> str:
    """ "812 tests: 800 passed, 12 skipped (12 x no Chromium)"."""
    cases = list(ElementTree.parse(results).iter("testcase"))
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    reasons = Counter(skip.get("message", "no reason given") for case in cases for skip in case.iter("skipped"))
    skipped = sum(reasons.values())
    parts = [f"{len(cases) - failed - skipped} passed"]
    if failed:
        parts.append(f"{failed} FAILED")
    why = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common())
    parts.append(f"{skipped} skipped ({why})" if skipped else "none skipped")
    return f"{len(cases)} tests: {', '.join(parts)}"


if __name__ == "__main__":
    print(f"\nRan {sys.argv[2]}; {summary(Path(sys.argv[1]))}")
