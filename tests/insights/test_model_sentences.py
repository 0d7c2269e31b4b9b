"""Sentences on models, each at its threshold; amounts, shapes and names as they are read."""

from __future__ import annotations

import math

import pytest

from dlviz_docs.insights.model_changes import frozen_sentence, moved_sentence, still_sentence
from dlviz_docs.insights.model_sight import pixels, sight_sentence
from dlviz_docs.insights.model_size import (
    Part,
    compute_sentence,
    dtype_sentence,
    evidence_sentence,
    foreign,
    foreign_sentence,
    large_layer_sentence,
    optimizer_sentence,
    size_sentence,
    tied_sentence,
)
from dlviz_docs.insights.model_weights import (
    Off,
    constant_sentence,
    dead_sentence,
    nonfinite_sentence,
    silent_sentence,
    sparse_sentence,
    untrained_sentence,
)
from dlviz_docs.insights.model_words import (
    amount,
    brief,
    layer,
    layers,
    moved,
    multiply_adds,
    parameters,
    shape,
    share,
    spaced,
)

# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0, "0"), (1, "1"), (912, "912"), (999.4, "999"), (1000, "1 k"), (73_216, "73.2 k"), (999_600, "1 M")),
        *((11_689_512, "11.7 M"), (1.82e9, "1.82 G"), (3.5e13, "35 T"), (0.5, "0.5"), (0.0123, "0.0123")),
        *((-2500, "-2.5 k"), (math.inf, "–"), (math.nan, "–"), (4e17, "400,000 T"), (999.6, "1 k")),
    ],
)
def test_amounts_have_three_digits_and_a_prefix(value: float, text: str) -> None:
    assert amount(value) == text


def test_parameters_and_multiply_adds_have_their_noun() -> None:
    assert parameters(7_241_732_096) == "7.24 B parameters"
    assert parameters(1) == "1 parameter"
    assert multiply_adds(7_241_732_096) == "7.24 G multiply-adds"
    assert multiply_adds(1) == "1 multiply-add"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (0, "0 %"),
        (0.0004, "under 0.1 %"),
        (0.093, "9.3 %"),
        (0.0996, "10 %"),
        (0.744, "74 %"),
        (0.996, "99.6 %"),
        (1, "100 %"),
    ],
)
def test_shares_have_digits_where_they_say_something(part: float, text: str) -> None:
    assert share(part, 1.0) == text


def test_shares_of_nothing_are_none() -> None:
    assert share(0, 0) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "frozen"),
        (0.47, "47 %"),
        (1.0, "100 %"),
        (1.227, "123 %"),
        (1.5, "150 %"),
        (4.4712, "4.47 times"),
        (1234.5, "1,234 times"),
        (math.inf, "∞ times"),
    ],
)
def test_movement_is_told_beside_the_size(value: float, text: str) -> None:
    assert moved(value) == text


def test_shapes_are_read_with_and_without_the_batch() -> None:
    assert shape((1, 64, 56, 56)) == "1 × 64 × 56 × 56"
    assert shape(()) == "a number"
    assert spaced((1, 64, 56)) == "64 × 56"
    assert spaced(("batch", 10)) == "10"
    assert spaced((32, 10)) == "32 × 10"
    assert spaced((1,)) == "1"
    assert len(shape(("b" * 999, 3))) < 25


def test_of_long_names_the_end_is_kept() -> None:
    name = "encoder." * 30 + "attention.self.query"
    assert brief(name).endswith("attention.self.query")
    assert len(brief(name)) == 60
    assert brief("a\nb\tc") == "a b c"
    assert layer("") == "the model itself"
    assert layers(["a", "b", "c", "d", "e"]) == "“a”, “b”, “c” and 2 more"
    assert layers(["a", "b"]) == "“a” and “b”"
    assert layers([]) == ""


# --- size and files ---------------------------------------------------------------------------------------------------


def said(found: object) -> str:
    (one,) = found  # type: ignore[misc]
    return str(one.text)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([], ""),
        ([("a", 100)], ""),
        ([("a", 74), ("b", 26)], "; 74 % of that is in “a”"),
        ([("a", 30), ("b", 25), ("c", 45)], "; 45 % of that is in “c”"),
        ([("a", 30), ("b", 35), ("c", 35)], "; most of that is in “b” (35 %) and “c” (35 %)"),
        ([("a", 25), ("b", 24), *((str(i), 17) for i in range(3))], ""),
        ([(str(i), 1) for i in range(100)], ""),
    ],
)
def test_where_parameters_are_is_said_if_it_is_somewhere(parts: list[tuple[str, float]], text: str) -> None:
    assert said(size_sentence(100, 400, "float32", [Part(*part) for part in parts], "f")) == (
        f"100 parameters, 400 bytes as float32{text}."
    )


def test_without_parameters_or_work_nothing_is_said() -> None:
    assert list(size_sentence(0, 0, "", [], "f")) == []
    assert list(compute_sentence(0.0, (), [], "f")) == []
    assert list(compute_sentence(math.nan, (), [], "f")) == []


def test_operations_have_their_unit() -> None:
    assert said(compute_sentence(1.82e9, (), [], "f")) == "1.82 G multiply-adds (3.64 GFLOP)."
    assert said(compute_sentence(456, (1, 8), [], "f")) == "456 multiply-adds for an input of 1 × 8 (912 FLOP)."


@pytest.mark.parametrize(("largest", "others", "said_so"), [(50, 3, True), (49, 3, False), (90, 2, False)])
def test_a_layer_is_large_from_half_of_all_on(largest: int, others: int, said_so: bool) -> None:
    found = [Part("fc", largest), *(Part(str(i), (100 - largest) / others) for i in range(others))]
    assert bool(list(large_layer_sentence(found, 100, "f"))) == said_so


def test_a_trace_of_another_type_is_not_mixed() -> None:
    assert list(dtype_sentence({"float32": 10_000, "int64": 9}, "f")) == []
    assert list(dtype_sentence({"float32": 10_000}, "f")) == []
    assert "0.1 % int8" in said(dtype_sentence({"float32": 10_000, "int8": 11}, "f"))


def test_an_optimizer_is_large_beyond_the_weights() -> None:
    assert list(optimizer_sentence(100, 100, "f")) == []
    assert list(optimizer_sentence(100, 0, "f")) == []
    assert said(optimizer_sentence(201, 100, "f")).startswith(
        "The optimizer's state takes 201 bytes, 2 times the weights"
    )


@pytest.mark.parametrize(
    ("pairs", "more"), [(1, ""), (2, "; one more pair is shared too"), (4, "; 3 more pairs are shared too")]
)
def test_tied_pairs_are_counted(pairs: int, more: str) -> None:
    found = [(f"b{i}", f"a{i}", 10 * (i + 1)) for i in range(pairs)]
    assert f"are the same weights{more}: " in said(tied_sentence(found, "f"))
    assert list(tied_sentence([], "f")) == []


def test_only_inferred_kinds_are_said_to_be_inferred() -> None:
    assert list(evidence_sentence("graph", 5, "f")) == []
    assert list(evidence_sentence("weights", 0, "f")) == []
    assert said(evidence_sentence("header", 1, "f")).startswith("The kind of the only layer is inferred from")


GRAVE = ["os.system", "posix.system", "builtins.eval", "__builtin__.exec", "subprocess.Popen", "runpy._run_code"]
GRAVE += [
    "torch.serialization.os.system",
    "net.__globals__.x",
    "operator.methodcaller",
    "shutil.rmtree",
    "webbrowser.open",
]
OWN = [
    "net.Net",
    "models.resnet.Block",
    "argparse.Namespace",
    "builtins.getattr",
    "functools.partial",
    "numpy.random.x",
]
OWN += ["pathlib.PosixPath", "ultralytics.nn.tasks.DetectionModel", "builtins.set", "osmodel.system", ""]


@pytest.mark.parametrize("call", GRAVE)
def test_what_reaches_out_is_grave(call: str) -> None:
    assert foreign([call]) == ([call], [])
    (one,) = foreign_sentence("a.pt", [call], "f")
    assert one.severity == "serious"
    assert one.text == f"“a.pt” would call “{call}” if it were loaded; it was read without doing so."


@pytest.mark.parametrize("call", OWN)
def test_classes_of_somebodys_own_are_a_fact(call: str) -> None:
    assert foreign([call]) == ([], [call])
    (one,) = foreign_sentence("a.pt", [call], "f")
    assert one.severity == "info"


def test_a_file_that_calls_nothing_has_no_sentence() -> None:
    assert list(foreign_sentence("a.pt", [], "f")) == []


# --- weights ----------------------------------------------------------------------------------------------------------


def test_numbers_that_are_none_are_told_apart() -> None:
    assert said(nonfinite_sentence([("a", 0, 2)], 1, "f")) == (
        "2 infinite values in its only tensor, “a”: such a model answers with NaN."
    )
    assert said(nonfinite_sentence([("a", 1, 0), ("b", 1, 0)], 2, "f")).startswith(
        "2 NaN in all 2 tensors, “a” and “b”"
    )
    assert list(nonfinite_sentence([], 5, "f")) == []


@pytest.mark.parametrize(("off", "severity"), [(4, "info"), (5, "warning")])
def test_dead_channels_are_a_warning_from_five_percent_on(off: int, severity: str) -> None:
    (one,) = dead_sentence([Off("bn", off, 64)], "channel", 100, "f")
    assert one.severity == severity
    assert one.kind == "dead-channels"


def test_dead_filters_of_several_layers_are_added() -> None:
    (one,) = dead_sentence([Off("a", 2, 64), Off("b", 1, 8)], "filter", 1000, "f")
    assert one.kind == "dead-filters"
    assert one.text.startswith(
        "3 of 1,000 filters (0.3 %) in 2 layers are off, most in “b” (1 of 8): the norm of their"
    )
    assert list(dead_sentence([], "filter", 10, "f")) == []
    assert list(silent_sentence([], 10, "f")) == []


def test_weights_of_one_number_are_told_by_which() -> None:
    assert list(constant_sentence([], [], "f")) == []
    assert [one.kind for one in constant_sentence(["a"], ["b"], "f")] == ["weights-zero", "weights-constant"]


@pytest.mark.parametrize(
    ("fresh", "of", "start"),
    [
        (1, 1, "The only layer of batch normalisation has a running mean"),
        (3, 3, "All 3 layers of batch normalisation have"),
        (2, 3, "2 of 3 layers of batch normalisation have"),
    ],
)
def test_unused_statistics_are_counted(fresh: int, of: int, start: str) -> None:
    assert said(untrained_sentence(fresh, of, "f")).startswith(start)
    assert list(untrained_sentence(0, of, "f")) == []


def test_weights_are_sparse_from_a_fifth_on() -> None:
    assert list(sparse_sentence(19, 100, [("a", 0.19)], "f")) == []
    assert said(sparse_sentence(20, 100, [("a", 0.1), ("b", 0.3)], "f")).startswith("20 % of the weights of matrices")
    assert list(sparse_sentence(0, 0, [], "f")) == []


# --- between checkpoints, and what a unit sees ------------------------------------------------------------------------


def test_movement_is_said_where_a_layer_stands_out() -> None:
    names = ["a", "b", "c", "d"]
    assert list(moved_sentence(names, [0.29, 0.1, 0.1, 0.1], "x", "y", "f")) == []
    assert list(moved_sentence(names[:3], [9.0, 0.1, 0.1], "x", "y", "f")) == []
    assert said(moved_sentence(names, [0.31, 0.1, 0.1, 0.1], "epoch 1", "epoch 2", "f")) == (
        "“a” moved furthest between epoch 1 and epoch 2: by 31 % of its size, the median layer by 10 % of its size."
    )


def test_frozen_parts_are_named_with_their_share() -> None:
    assert said(frozen_sentence(["backbone"], 90, 100, "epoch 10", "epoch 20", "f")) == (
        "“backbone” did not change between epoch 10 and epoch 20 (frozen): 90 % of the 100 parameters."
    )
    assert list(frozen_sentence([], 0, 100, "x", "y", "f")) == []
    assert said(still_sentence("a.pt", "b.pt", "f")).startswith("No weight differs between a.pt and b.pt")


def test_fields_are_told_against_the_input() -> None:
    assert pixels((48.0, 48.0)) == "48 × 48 px"
    assert pixels((math.inf, 3.0)) == pixels(()) == pixels((math.nan,)) == "the whole input"
    found = [("a", (3.0, 3.0)), ("b", (40.0, 20.0)), ("c", (math.inf, math.inf))]
    assert "see 40 × 20 px of an input of 32 × 32 px: no filter sees" in said(sight_sentence(found, (32, 32), "f"))
    assert said(sight_sentence(found, (20, 20), "f")) == (
        "Units of “b” see 40 × 20 px: at least as much as the whole input of 20 × 20 px."
    )
    assert said(sight_sentence(found, (3, 3), "f")) == (
        "The first units to see an area as large as the whole input of 3 × 3 px are those of “a”; at most 40 × 20 px "
        "are seen, in “b”."
    )
    assert "see 40 × 20 px of an input" in said(sight_sentence([("signal", (9.0,)), *found], (32, 32), "f"))
    for given in ((), (32,)):
        assert list(sight_sentence(found, given, "f")) == []
    assert list(sight_sentence(found[2:], (32, 32), "f")) == []
