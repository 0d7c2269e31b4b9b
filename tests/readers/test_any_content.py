"""Content nobody would write, under names the readers know: read as far as it goes, or a ReadError."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Reading
from dlviz_docs.registry import load_readers

READERS = load_readers({})[0]

WORDS = """
step epoch iter loss eval_loss log_history best_metric max_steps global_step train_runtime steps values timestamps
config seed mode value metric data_time py/tuple py/object timestamp trial_params
"""
keys = st.sampled_from(WORDS.split())
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from(["", "NaN", "train", "val", "2026-01-01", "numpy.ndarray", "a\ud800b", "\x00", "1,5"]),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=30
)
rows = st.lists(st.dictionaries(keys, values, max_size=6), max_size=6)
documents = st.one_of(values, rows, st.dictionaries(keys, values | rows, max_size=6))


def read(reader: str, name: str, content: str) -> Reading | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(content, encoding="utf-8", errors="surrogatepass")
        READERS[reader].matches(path)
        try:
            reading = READERS[reader].read(path)
        except ReadError as error:
            return error.partial
    for series in reading.series:
        assert np.isfinite(series.steps).all()
        series.name.encode("utf-8")
        series.raw_name.encode("utf-8")
        series.part.encode("utf-8")
    for key, value in reading.hparams.items():
        f"{key}{value}".encode()
    return reading


@settings(max_examples=50, deadline=None)
@given(documents)
def test_any_json(document: object) -> None:
    text = json.dumps(document)
    read("json_metrics", "metrics.json", text)
    read("hf_trainer", "trainer_state.json", text)
    read("hparams", "config.json", text)
    read("hparams", "config.yaml", text)


@settings(max_examples=50, deadline=None)
@given(rows)
def test_any_json_lines(lines: list[dict[str, object]]) -> None:
    read("json_metrics", "log.jsonl", "\n".join(json.dumps(line) for line in lines))


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from('stepoch,loss;\t"\n\r#{}0123456789.eE-+ NaN[]|'), max_size=200), st.sampled_from(",;\t"))
def test_any_table(body: str, delimiter: str) -> None:
    for header in ("", "#{}\nr,l,t\n", delimiter.join(("epoch", "step", "loss", "seed", "phase", "timestamp")) + "\n"):
        read("table", "log.csv", header + body)
        read("keras_csv", "log.csv", header + body)
        read("lightning_csv", "metrics.csv", header + body)


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from("ab: -\n[]{}&*!?|>'\"%@`#,.<=019~\t"), max_size=120))
def test_any_yaml_and_toml(text: str) -> None:
    for name in ("config.yaml", "config.toml", ".hydra_config.json"):
        read("hparams", name, text)
