"""Models of texts from the folder to the pages: where tokens come from, and what is said where nothing tells them."""

from __future__ import annotations

import csv
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from dlviz_docs import record
from dlviz_docs.build import build
from dlviz_docs.options import Options, parse
from dlviz_docs.view import Site

pytest.importorskip("polars")

HERE = parse({"workers": 0, "path": ""})
WORDS = ["<pad>", "<unk>", "the", "film", "was", "good", "bad", "and", "long", "."]
GOOD, BAD = 5, 6


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Bag(torch.nn.Module):
    """Counts good and bad words."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.head = torch.nn.Embedding(len(WORDS), 2, padding_idx=0), torch.nn.Linear(2, 2)
        with torch.no_grad():
            self.embedding.weight.normal_(std=0.02, generator=torch.Generator().manual_seed(0))
            self.embedding.weight[BAD, 0] = self.embedding.weight[GOOD, 1] = 2
            self.head.weight.copy_(torch.eye(2))
            self.head.bias.zero_()

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.head(torch.tanh(self.embedding(input_ids).sum(1)))


def texts(count: int = 24) -> tuple[list[str], list[str]]:
    random = np.random.default_rng(0)
    labels = ["good" if i % 2 else "bad" for i in range(count)]
    found = []
    for label in labels:
        words = list(random.choice(["the", "film", "was", "and", "long"], random.integers(3, 7)))
        words.insert(int(random.integers(len(words))), label)
        found.append(" ".join(words) + " .")
    return found, labels


def tokens() -> tuple[np.ndarray, np.ndarray]:
    told, labels = texts()
    ids = np.zeros((len(told), 10), np.int64)
    for row, text in zip(ids, told, strict=True):
        row[: len(text.split())] = [WORDS.index(word) for word in text.split()]
    return ids, np.array([label == "good" for label in labels]).astype(int)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    (folder / "one").mkdir(parents=True)
    (folder / "one" / "metrics.csv").write_text("step,train_loss\n0,3\n1,2\n")
    (folder / "two").mkdir()
    (folder / "two" / "metrics.csv").write_text("step,train_loss\n0,3\n1,2\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        record.model(folder / "one", Bag().eval(), torch.ones(2, 10, dtype=torch.int64))
    return folder


def prose(runs: Path) -> None:
    (runs / "data").mkdir()
    with (runs / "data" / "test.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *zip(*texts(), strict=True)])


def make(runs: Path, options: Options = HERE) -> Site:
    return build(runs, options, runs.parent / "cache")


def page(site: Site, path: str) -> str:
    found = next((one for one in site.pages if one.path == path), None)
    return Path(found.file).read_text(encoding="utf-8") if found else ""


def check(site: Site) -> str:
    assert site.problems == ()
    cam = page(site, "runs/cam/index.html")
    assert 'class="dlviz-for" style="--w:100%">good</span>' in cam
    assert "<dd>100 %</dd>" in cam or "100 %" in cam, "all answers are right"
    assert "Words over all texts" in cam
    assert "Words taken away" in cam
    return cam


def test_tokens_that_a_data_set_holds(runs: Path) -> None:
    ids, labels = tokens()
    record.dataset(runs / "data", "test", tokens=ids, label=labels, words=WORDS, classes=["bad", "good"])
    assert "their words are told by the same file" in check(make(runs))


def test_words_of_tokens_lie_beside_the_model(runs: Path) -> None:
    ids, labels = tokens()
    record.dataset(runs / "data", "test", tokens=ids, label=labels, classes=["bad", "good"])
    (runs / "one" / "vocab.txt").write_text("\n".join(WORDS))
    assert "their words are told by vocab.txt" in check(make(runs))


def test_tokens_without_words_are_numbers(runs: Path) -> None:
    ids, labels = tokens()
    record.dataset(runs / "data", "test", tokens=ids, label=labels, classes=["bad", "good"])
    cam = page(make(runs), "runs/cam/index.html")
    assert f">#{GOOD}</span>" in cam
    assert "nothing tells their words" in cam


def test_texts_by_a_list_of_words(runs: Path) -> None:
    prose(runs)
    (runs / "one" / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(WORDS)}))
    (runs / "one" / "config.json").write_text(json.dumps({"id2label": {"0": "bad", "1": "good"}}))
    cam = check(make(runs))
    assert "is a guess" in cam


def test_texts_by_a_tokenizer(runs: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    prose(runs)
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({word: n for n, word in enumerate(WORDS)}, "<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(runs / "one" / "tokenizer.json"))
    assert "tokenizer.json (WordLevel)" in check(make(runs))


def test_without_a_tokenizer_there_is_a_fact_and_no_page(runs: Path) -> None:
    prose(runs)
    site = make(runs)
    assert site.problems == ()
    assert not page(site, "runs/cam/index.html")
    assert "nothing tells how it reads them" in page(site, "runs/index.html")


def test_a_tokenizer_that_cannot_be_used_is_said(runs: Path) -> None:
    prose(runs)
    (runs / "one" / "tokenizer.json").write_text('{"model": {"type": "Unheard"}}')
    site = make(runs)
    assert site.problems == ()
    assert "its tokenizer is no tokenizer" in page(site, "runs/index.html")


SOURCE = """
import torch

def build(sign):
    embedding, head = torch.nn.Embedding({count}, 2, padding_idx=0), torch.nn.Linear(2, 2)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.head = embedding, head

        def forward(self, ids):
            return {sign} * self.head(torch.tanh(self.embedding(ids).sum(1)))

    return Net()
"""


def test_an_edited_factory_is_run_again(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = runs.parent / "code"
    code.mkdir()
    monkeypatch.syspath_prepend(str(code))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    ids, labels = tokens()
    record.dataset(runs / "data", "test", tokens=ids, label=labels, words=WORDS, classes=["bad", "good"])
    for path in runs.rglob("*.pt2"):
        path.unlink()
    torch.save(Bag().state_dict(), runs / "one" / "weights.pt")
    (runs / "experiment.yml").write_text("model: texts_built_here:build\nmodel_options: {sign: 1}\n")
    trusting = parse({"workers": 0, "path": "", "factories": ["texts_built_here"]})
    for sign, right in (("1", "100 %"), ("-1", "0 %")):
        (code / "texts_built_here.py").write_text(SOURCE.format(count=len(WORDS), sign=sign))
        cam = page(make(runs, trusting), "runs/cam/index.html")
        assert "its graph is run" in cam
        assert f">{right}<" in cam
    sys.modules.pop("texts_built_here", None)
