from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from dlviz_docs import html


@given(st.text())
def test_text_and_attr_leave_nothing_that_html_could_act_on(value: str) -> None:
    for encoded in (html.text(value), html.attr(value)):
        assert not set(encoded) & set("<>\"'")
        assert encoded.encode("utf-8").decode() == encoded


def test_encoding_twice_changes_nothing() -> None:
    once = html.text("a < b & c")
    assert html.text(once) == once == "a &lt; b &amp; c"
    assert isinstance(once, Markup)


def test_invisible_characters_can_be_read() -> None:
    assert html.text("abc\u202efed") == "abc\\u202efed"
    assert html.text("a\x00b\x1b[31m") == "a\\x00b\\x1b[31m"
    assert html.text("tab\tand\nline") == "tab\tand\nline"


def test_bytes_of_a_file_name_that_is_not_utf8_can_be_read() -> None:
    name = b"run_\xe9".decode("utf-8", "surrogateescape")
    assert html.text(name) == "run_\\xe9"


def test_joiners_of_scripts_and_emoji_stay() -> None:
    family = "\U0001f468\u200d\U0001f469"
    assert html.text(family) == family


def test_attr_keeps_line_breaks() -> None:
    assert html.attr("a\nb\tc") == "a&#10;b&#9;c"


@pytest.mark.parametrize(
    "address",
    ["../training/index.html#metric-loss", "#story", "https://example.org/a?b=1", "mailto:a@example.org", "HTTP://x"],
)
def test_addresses_that_pass(address: str) -> None:
    assert html.url(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        " javascript:alert(1)",
        "\x01javascript:alert(1)",
        "javascript&colon;alert(1):",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:x",
        "//example.org/x",
        "\\\\example.org",
        "/\\example.org",
        "a:b",
        ":x",
    ],
)
def test_addresses_that_do_not_pass(address: str) -> None:
    assert html.url(address) == ""


def test_url_cannot_leave_its_attribute() -> None:
    assert html.url("https://example.org/\"onclick='x'<>&") == "https://example.org/%22onclick=&#39;x&#39;%3C%3E&amp;"
    assert html.url("../run-\udce9") == "../run-%ED%B3%A9"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_json_script_is_json_without_markup(data: object) -> None:
    encoded = html.json_script(data)
    assert not set(encoded) & set("<>&\u2028\u2029")
    assert json.loads(encoded) == _without_nonfinite(data)


def _without_nonfinite(data: object) -> object:
    if isinstance(data, dict):
        return {key: _without_nonfinite(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_without_nonfinite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def test_integers_the_browser_would_round_are_strings() -> None:
    assert html.json_script([2**53, 2**53 + 1]) == '[9007199254740992,"9007199254740993"]'


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<b onclick=alert(1)>x</b>", "<b>x</b>"),
        ("<script>alert(1)</script>x", "x"),
        ("<p id=a name=b class=c style=d>x</p>", "<p>x</p>"),
        ("<img src=https://example.org/track.png>", ""),
        ("<svg><a href=x>y</a></svg>z", "z"),
        ('<a href="checkpoints/last.pt">x</a>', '<a rel="noopener noreferrer nofollow">x</a>'),
        (
            '<a href="https://example.org">x</a>',
            '<a href="https://example.org" rel="noopener noreferrer nofollow">x</a>',
        ),
    ],
)
def test_safe_html(dirty: str, clean: str) -> None:
    assert html.safe_html(dirty) == clean


def test_markdown_headings_stand_below_the_pages_own() -> None:
    rendered = html.markdown("# One\n\n## Two\n\n##### Five")
    assert [tag in rendered for tag in ("<h3>One", "<h4>Two", "<h6>Five")] == [True] * 3


def test_markdown_does_not_repeat_the_title() -> None:
    assert html.markdown("# Digits\n\nText", title="Digits") == "<p>Text</p>\n"
    assert "<h3>Other" in html.markdown("# Other\n\nText", title="Digits")
    assert html.markdown("", title="") == ""


def test_markdown_shows_html_as_text_and_images_by_their_words() -> None:
    assert "&lt;script&gt;" in html.markdown("<script>alert(1)</script>")
    assert html.markdown("![loss <curve>](loss.png)") == "<p>loss &lt;curve&gt;</p>\n"
    assert "href" not in html.markdown("[log](train.log) [x](javascript:alert(1))")


def test_markdown_keeps_tables_and_code() -> None:
    rendered = html.markdown("| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nx < 1\n```")
    assert '<td class="dlviz-right">2</td>' in rendered
    assert "<pre><code>x &lt; 1\n</code></pre>" in rendered


def test_markdown_survives_deep_nesting() -> None:
    assert "after" in html.markdown(">" * 5_000 + " deep\n\nafter")
