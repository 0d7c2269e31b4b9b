"""The closing line of `make test` tells passed from failed and skipped, and why."""

from __future__ import annotations

from pathlib import Path

from run_all import summary

RESULTS = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure message="no"/></testcase>
<testcase name="c"><error message="no"/></testcase>
<testcase name="d"><skipped message="Chromium is not installed"/></testcase>
<testcase name="e"><skipped message="Chromium is not installed"/></testcase>
</testsuite></testsuites>"""


def test_the_summary_counts_and_gives_reasons(tmp_path: Path) -> None:
    results = tmp_path / "results.xml"
    results.write_text(RESULTS, encoding="utf-8")
    assert summary(results) == "5 tests: 1 passed, 2 FAILED, 2 skipped (2 x Chromium is not installed)"


def test_nothing_skipped_is_said_too(tmp_path: Path) -> None:
    results = tmp_path / "results.xml"
    results.write_text('<testsuites><testsuite><testcase name="a"/></testsuite></testsuites>', encoding="utf-8")
    assert summary(results) == "1 test: 1 passed, none skipped"
