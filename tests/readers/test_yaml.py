"""YAML that would crash, hang or run somewhere else."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlviz_docs.readers import _yaml
from dlviz_docs.readers._flatten import hparams
from dlviz_docs.readers._text import Damaged

BILLION = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {k: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMBS = {
    "flow depth": ("[" * 100_000, "nested deeper"),
    "block depth": ("- " * 100_000, "nested deeper"),
    "aliases of aliases": (BILLION, "more than 200,000 values"),
    "merges of merges": (MERGES, "more than 200,000 values"),
    "many aliases": ("a: &a 1\nb: [" + "*a, " * 2_000 + "]", "more than 1,000 aliases"),
    "many values": ("[" + "1," * 300_000 + "]", "more than 200,000 values"),
    "itself": ("a: &a [*a]", "stands for nothing"),
    "half a surrogate": ("a: \ud800", "surrogate"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_in_time_with_what_was_before(name: str) -> None:
    text, what = BOMBS[name]
    began = time.perf_counter()
    with pytest.raises(Damaged, match=what) as caught:
        _yaml.load(text)
    hparams(caught.value.value)
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1E+3", 1e3),
        (".5", 0.5),
        ("017", 17),
        ("0x1f", 31),
        ("0o17", 15),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("true", True),
        ("12:30:45", "12:30:45"),
        ("2026-01-02", "2026-01-02"),
        ("1_000", "1_000"),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!float 1", 1),
        ("9" * 5000, "9" * 5000),
        ("!custom 3", 3),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    found = _yaml.load(f"key: {text}\n")
    assert found == {"key": value}
    assert type(found["key"]) is type(value)  # type: ignore[index]


def test_tags_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    text = f"""
a: !!python/object/apply:os.system [touch {canary}]
b: !!python/name:os.system
c: !!python/object/new:subprocess.Popen [[touch, {canary}]]
d: !!python/module:os
"""
    found = _yaml.load(text)
    assert isinstance(found, dict)
    assert found["a"] == f"system(touch {canary})"
    assert found["b"] == "os.system"
    assert not canary.exists()


def test_merge_keys_give_way_to_keys_of_the_mapping() -> None:
    assert _yaml.load("x: &x {a: 1, b: 1}\ny: {a: 2, <<: *x, c: 3}")["y"] == {"a": 2, "b": 1, "c": 3}  # type: ignore[index]


def test_only_the_first_document_counts() -> None:
    assert _yaml.load("a: 1\n---\nb: 2\n") == {"a": 1}


plain_text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        plain_text.filter(lambda key: key not in ("<<", "=")),
        st.none()
        | st.booleans()
        | st.integers(-(10**20), 10**20)
        | st.floats(allow_nan=False, allow_infinity=False)
        | plain_text,
    )
)
def test_quoted_json_is_yaml(mapping: dict[str, object]) -> None:
    assert _yaml.load(json.dumps(mapping, ensure_ascii=False)) == mapping
