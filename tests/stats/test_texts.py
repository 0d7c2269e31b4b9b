"""Words, what sets classes apart, damage, scripts, and where two texts differ."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.stats.texts import COMPARED, Pieces, differences, is_damaged, log_odds, script_counts, words_of


def marked(pieces: Pieces) -> str:
    return "".join(f"[{text}]" if kind == "only" else text for text, kind in pieces)


def test_differences_of_one_word() -> None:
    left, right = differences("The cat sat on the mat.", "The dog sat on the mat.")
    assert marked(left) == "The [cat ]sat on the mat."
    assert marked(right) == "The [dog ]sat on the mat."


def test_differences_ignore_spaces_and_see_order() -> None:
    left, right = differences("a  b\nc", "a b c")
    assert {kind for _, kind in left + right} == {"same"}
    left, right = differences("x one two three", "one two three y")
    assert marked(left) == "[x ]one two three"
    assert marked(right) == "one two three [y]"


@pytest.mark.parametrize(("first", "second"), [("", ""), ("", "a b"), ("a", ""), ("a", "b"), ("…", "… …")])
def test_differences_of_little(first: str, second: str) -> None:
    left, right = differences(first, second)
    assert "".join(text for text, _ in left) == first
    assert "".join(text for text, _ in right) == second


@given(st.text(), st.text())
def test_differences_keep_every_character(first: str, second: str) -> None:
    left, right = differences(first, second)
    assert "".join(text for text, _ in left) == first
    assert "".join(text for text, _ in right) == second
    same = [" ".join("".join(text for text, kind in side if kind == "same").split()) for side in (left, right)]
    assert same[0].replace(" ", "") == same[1].replace(" ", "")


def test_differences_leave_the_end_of_long_texts_plain() -> None:
    left, _ = differences("word " * 1000, "word " * 900 + "other")
    assert [kind for _, kind in left] == ["same", ""]
    assert left[0][0] == "word " * COMPARED


def test_differences_are_quick_on_texts_that_repeat_themselves() -> None:
    start = time.process_time()
    for _ in range(20):
        differences("a b " * 300, "b a a " * 300)
    assert time.process_time() - start < 2


def test_words() -> None:
    words = ["don't", "panic", "42", "strassen", "naïve", "café", "東京"]
    assert words_of("Don't PANIC: 42 Straßen, naïve_café 東京") == words


@pytest.mark.parametrize("text", ["caf\N{REPLACEMENT CHARACTER}", "café — “so”".encode().decode("cp1252", "replace")])
def test_damage(text: str) -> None:
    assert is_damaged(text)


@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["Müller", "garçon", "it’s", "señor", "£5", "\ufeffid"])
def test_damage_by_each_codec(text: str, codec: str) -> None:
    assert is_damaged(text.encode().decode(codec, "replace"))


@pytest.mark.parametrize(
    "text", ["", "plain", "Ãguas de São João, Ângela", "PÃO", "naïve café — “so”", "Кот", "â la carte"]
)
def test_no_damage(text: str) -> None:
    assert not is_damaged(text)


def test_scripts() -> None:
    texts = ["hello", "Привет, world", "12 + 3", "東京タワー", "中文", "naïve", "שלום"]
    assert script_counts(texts) == {"Latin": 2, "Cyrillic": 1, "Han": 1, "Hebrew": 1, "Kana": 1}


def test_log_odds_by_hand() -> None:
    """Two classes of 10 words each, so the prior is one word: 0.6 of it "a", 0.4 of it "b"."""
    vocabulary, z = log_odds([Counter(a=8, b=2), Counter(a=4, b=6)])
    assert vocabulary == ("a", "b")
    odds = np.log(8.6 / 2.4) - np.log(4.6 / 6.4)
    assert z[0] == pytest.approx([odds / np.sqrt(1 / 8.6 + 1 / 4.6), -odds / np.sqrt(1 / 2.4 + 1 / 6.4)])
    assert z[1] == pytest.approx(-z[0])


@pytest.mark.parametrize("counts", [[], [Counter()], [Counter(a=9)], [Counter(), Counter()], [Counter(a=9), Counter()]])
def test_log_odds_of_nothing(counts: list[Counter[str]]) -> None:
    vocabulary, z = log_odds(counts)
    assert z.shape == (len(counts), len(vocabulary))
    assert np.isfinite(z).all()


def test_log_odds_find_what_is_special() -> None:
    rng = np.random.default_rng(0)
    common = [f"w{n}" for n in range(50)]
    sides = [Counter(rng.choice(common, 2000).tolist() + [mark] * 60) for mark in ("cat", "dog")]
    vocabulary, z = log_odds(sides)
    assert vocabulary[int(z[0].argmax())] == "cat"
    assert vocabulary[int(z[1].argmax())] == "dog"
    assert (np.abs(z[0]) > 3.3).sum() == 2
