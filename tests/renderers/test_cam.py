from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pytest

from dlviz_docs.model import Experiment, Insight
from dlviz_docs.model.probes import Columns, Explanation, Map, Prepared, Probed
from dlviz_docs.renderers.cam import Cam
from dlviz_docs.view import Fact, Figure, Gallery, Matrix, Overlay, Plot, Shown, Table
from tests.renderers.made_probes import blob, experiment, explained, faithful, made, over_training, sane

Spec = TypeVar("Spec")


def shown(found: Probed | Experiment, **options: Any) -> list[Shown]:
    return list(Cam(**options)(experiment(found) if isinstance(found, Probed) else found))


def figures(found: Iterable[Shown]) -> dict[str, Figure]:
    return {one.id: one for one in found if isinstance(one, Figure)}


def kinds(found: Iterable[Shown]) -> list[str]:
    return [one.kind for one in found if isinstance(one, Insight)]


def spec(found: Iterable[Shown], figure: str, kind: type[Spec]) -> Spec:
    drawn = figures(found)[figure].spec
    assert isinstance(drawn, kind)
    return drawn


def text(found: Iterable[Shown], kind: str) -> str:
    (told,) = [one.text for one in found if isinstance(one, Insight) and one.kind == kind]
    return told


# --- the page as a whole ---


def test_a_page_has_its_figures_in_the_order_they_are_read() -> None:
    found = shown(over_training((1, 2)))
    assert list(figures(found)) == [
        "maps",
        "mean-maps",
        "training-maps",
        "faithfulness",
        "deletion",
        "insertion",
        "sanity",
        "agreement",
        "channels",
        "excited",
        "reach",
        "prepared",
        "notes",
    ]
    assert [(one.label, one.text) for one in found if isinstance(one, Fact)] == [
        ("What it looks at", "HiResCAM at layer4, ROAD 0.400")
    ]


def test_nothing_found_out_has_no_page() -> None:
    assert list(Cam()(Experiment("a", "a", "a"))) == []
    assert shown(Probed("model.pt2")) == []


def test_sentences_point_at_figures_that_are_there() -> None:
    for probed in (made(), replace(made(), faithfulness=(), sanity=()), replace(made(), channels=())):
        for options in ({}, {"samples": "none"}):
            found = shown(probed, **options)
            pointed = {one.figure for one in found if isinstance(one, Insight)} - {""}
            assert pointed <= set(figures(found))


def test_samples_that_may_not_be_shown_are_not() -> None:
    found = shown(over_training((1, 2)), samples="none")
    assert not [one for one in figures(found).values() if isinstance(one.spec, Gallery)]
    assert set(figures(found)) == {
        "faithfulness",
        "deletion",
        "insertion",
        "sanity",
        "agreement",
        "reach",
        "prepared",
        "notes",
    }


def test_several_models_have_pages_of_their_own() -> None:
    other = [replace(made(), model=name) for name in ("a.onnx", "a.onnx", "other.onnx")]
    found = list(Cam()(experiment(*other)))
    drawn = [one for one in found if isinstance(one, Figure) and one.group != "Channels"]
    assert {one.page for one in drawn} == {"a.onnx", "a.onnx (2)", "other.onnx"}
    assert len({one.id for one in drawn}) == len(drawn)
    told = [one for one in found if isinstance(one, Insight)]
    assert all(one.text.startswith(("a.onnx: ", "a.onnx (2): ", "other.onnx: ")) for one in told)
    assert {one.figure for one in told} - {""} <= set(figures(found))
    pages = {one.page for one in found if isinstance(one, Figure) and one.group == "Channels"}
    assert pages == {"a.onnx: channels", "a.onnx (2): channels", "other.onnx: channels"}


def test_channels_have_a_page_of_their_own() -> None:
    pages = {one.id: one.page for one in figures(shown(made())).values()}
    assert pages["channels"] == pages["excited"] == "Channels"
    assert {page for id_, page in pages.items() if id_ not in ("channels", "excited")} == {""}


def test_channels_open_with_the_first_that_the_first_picture_excites() -> None:
    maps = made().channels[0].maps.copy()
    maps[0, 0] = 0
    probed = replace(made(), channels=(replace(made().channels[0], maps=maps),))
    (figure,) = (one for one in shown(probed) if isinstance(one, Figure) and one.id == "channels")
    assert isinstance(figure.spec, Overlay)
    assert figure.spec.start == ("channel 3",)
    silent = replace(made(), channels=(replace(made().channels[0], maps=np.zeros_like(maps)),))
    (figure,) = (one for one in shown(silent) if isinstance(one, Figure) and one.id == "channels")
    assert isinstance(figure.spec, Overlay)
    assert figure.spec.start == ("channel 17",)


def test_silent_channels_point_at_their_own_layer() -> None:
    layers = tuple(replace(made().channels[0], layer=layer) for layer in ("layer4", "layer3"))
    told = [one for one in shown(replace(made(), channels=layers)) if isinstance(one, Insight)]
    assert [one.figure for one in told if one.kind == "channels-silent"] == ["channels", "channels-2"]


def test_the_chosen_method_may_be_one_of_the_input() -> None:
    rows = (faithful("integrated gradients", "", 0.5), *made().faithfulness)
    found = shown(replace(made(), method="integrated gradients", faithfulness=rows))
    assert spec(found, "maps", Overlay).start == ("Integrated Gradients", "input", "predicted")
    assert spec(found, "faithfulness", Table).rows[0][0].text == "Integrated Gradients (chosen)"
    assert text(found, "map-chosen").startswith("Maps of Integrated Gradients at input are the most faithful")


# --- pictures ---


def test_each_picture_has_its_maps_by_method_layer_and_answer() -> None:
    overlay = spec(shown(made()), "maps", Overlay)
    assert overlay.axes == ("method", "layer", "answer")
    assert overlay.start == ("HiResCAM", "layer4", "predicted")
    assert overlay.total == 40
    right, wrong = overlay.items[0], overlay.items[1]
    assert (right.title, right.wrong, wrong.wrong) == ("0.jpg", False, True)
    assert right.picture.key == "photos/0.jpg"
    assert (right.picture.width, right.picture.height) == (300, 200)
    assert right.facts == (("truth", "cat"), ("predicted", "cat"), ("confidence", "0.950"), ("next", "dog (0.050)"))
    choices = {heat.choice for heat in wrong.heats}
    assert {("Grad-CAM", "layer3", "predicted"), ("Grad-CAM", "layer3", "truth")} <= choices
    assert ("HiResCAM", "layer4", "truth − predicted") in choices
    assert ("Integrated Gradients", "input", "predicted") in choices
    assert {name for name, _ in overlay.notes} == {"HiResCAM", "Grad-CAM", "EigenCAM", "Integrated Gradients"}


def test_an_answer_is_unsure_where_the_next_is_half_as_likely() -> None:
    rows = [explained(i, 0, 0, sure=sure) for i, sure in enumerate((0.9, 0.66, 0.67, 0.5))]
    groups = [seen.group for seen in spec(shown(made(rows)), "maps", Overlay).items]
    assert groups == ["", "unsure", "", "unsure"]


def test_a_map_says_how_much_of_the_picture_it_needs() -> None:
    overlay = spec(shown(made()), "maps", Overlay)
    notes = {heat.choice: heat.note for heat in overlay.items[1].heats}
    assert notes["HiResCAM", "layer4", "predicted"].startswith("For dog: half of the evidence lies on ")
    assert notes["HiResCAM", "layer4", "truth − predicted"].startswith("For cat rather than dog: half of the evidence")
    assert notes["Integrated Gradients", "input", "predicted"].endswith("It misses 1 % of what it should add up to.")
    even = Map("hirescam", "layer4", 0, np.ones((7, 7), np.float32), area=(0.25, 0.0, 0.75, 1.0))
    found = shown(made([replace(explained(0, 0, 0), maps=(even,))]))
    (heat,) = spec(found, "maps", Overlay).items[0].heats
    assert heat.note == "For cat: half of the evidence lies on 25 % of the picture."  # of which the model sees half
    assert heat.area == even.area


def test_an_empty_map_says_why() -> None:
    empty = Map("hirescam", "layer4", 0, np.zeros((7, 7), np.float32), empty="The layer is silent.")
    found = shown(made([replace(explained(i, 0, 0), maps=(empty,)) for i in range(3)]))
    (heat, *_) = spec(found, "maps", Overlay).items[0].heats
    assert heat.note == "For cat: the layer is silent."
    assert text(found, "map-empty") == "3 of 3 maps of HiResCAM at layer4 are empty. The layer is silent."
    assert "mean-maps" not in figures(found)
    assert "evidence-area" not in kinds(found)


def test_a_number_has_no_classes() -> None:
    one = replace(explained(0, None, 0), top=(), truth=None, maps=(Map("gradcam", "layer4", 0, blob(7, 0.5, 0.5)),))
    probed = replace(made([one]), classes=(), method="gradcam")
    overlay = spec(shown(probed), "maps", Overlay)
    assert overlay.items[0].facts == (("output", "3.000"),)
    assert overlay.items[0].heats[0].choice == ("Grad-CAM", "layer4", "output")
    assert overlay.items[0].heats[0].note.startswith("For the output: half")
    assert overlay.start == ("Grad-CAM", "layer4", "output")
    assert overlay.items[0].wrong is None


def test_samples_without_a_picture_are_left_out() -> None:
    probed = made()
    probed = replace(probed, sources=("gone.jpg", *probed.sources[1:]))
    told = Cam()(replace(experiment(made()), probes=(probed,)))
    overlay = spec(list(told), "maps", Overlay)
    assert [seen.title for seen in overlay.items] == ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg"]


def test_the_mean_of_an_answer_tells_right_from_wrong() -> None:
    rows = [explained(i, 0 if i < 3 else 1, 0, at=(0.2, 0.5) if i < 3 else (0.8, 0.5)) for i in range(6)]
    (mean,) = spec(shown(made(rows)), "mean-maps", Overlay).items
    assert (mean.title, mean.picture.key) == ("cat", "")
    assert mean.facts == (("right", "3 maps"), ("wrong", "3 maps"))
    right, wrong = mean.heats
    unknown = shown(made([explained(i, None, 0) for i in range(3)]))
    (mean,) = spec(unknown, "mean-maps", Overlay).items
    assert mean.facts == (("all", "3 maps"),)
    assert (int(right.grid.sum(axis=0).argmax()), int(wrong.grid.sum(axis=0).argmax())) == (1, 5)


def test_of_pictures_that_are_cut_the_part_that_is_seen_counts() -> None:
    middle = (0.25, 0.0, 0.75, 1.0)

    def cut(one: Explanation) -> Explanation:
        return replace(one, maps=tuple(replace(drawn, area=middle) for drawn in one.maps))

    whole = made()
    found = shown(replace(whole, explanations=tuple(map(cut, whole.explanations))))
    halves = [
        float(re.findall(r"lies on ([\d.]+) %", text(each, "evidence-area"))[0]) for each in (shown(whole), found)
    ]
    assert halves[1] == pytest.approx(halves[0] / 2, abs=0.6)
    assert text(found, "evidence-area").endswith("of a map without any preference it would be 25 %.")


def test_training_is_a_slider_over_checkpoints() -> None:
    overlay = spec(shown(over_training((1, 5, 9))), "training-maps", Overlay)
    assert overlay.sliders == overlay.axes == ("checkpoint",)
    assert overlay.start == ("epoch 9",)
    first = overlay.items[0].heats
    assert [heat.choice for heat in first] == [("epoch 1",), ("epoch 5",), ("epoch 9",)]
    assert first[0].note.startswith("It says fox (0.400). For cat: half")
    assert first[-1].note.startswith("It says cat (0.950). For cat: half")
    assert "training-maps" not in figures(shown(over_training((9,))))
    twice = spec(shown(over_training((1, 9, 9))), "training-maps", Overlay)
    assert [heat.choice for heat in twice.items[0].heats] == [("epoch 1",), ("net-1.pt2",), ("net-2.pt2",)]
    unnamed = spec(shown(over_training((None, None))), "training-maps", Overlay)
    assert [heat.choice for heat in unnamed.items[0].heats] == [("net-0.pt2",), ("net-1.pt2",)]


# --- trust ---


def test_measures_stand_in_a_table_the_chosen_one_marked() -> None:
    table = spec(shown(made()), "faithfulness", Table)
    assert [column.label for column in table.columns] == [
        "Method",
        "Layer",
        "ROAD",
        "First 5 %",
        "Deletion",
        "Insertion",
        "Random weights",
        "Random head",
        "Samples",
    ]
    texts = [[cell.text for cell in row] for row in table.rows]
    assert texts[0] == [
        "HiResCAM (chosen)",
        "layer4",
        "0.400 ± 0.020",
        "0.200",
        "0.300",
        "0.700",
        "0.100",
        "0.800",
        "16",
    ]
    assert texts[-1] == ["noise", "", "0.010 ± 0.020", "0.005", "0.300", "0.700", "–", "–", "16"]
    assert table.rows[0][2].sort == 0.4
    for row in table.rows:
        assert row[2].bar is not None
        assert 0 <= row[2].bar[0] <= row[2].bar[1] <= row[2].bar[2] <= 1


def test_boxes_have_columns_where_there_are_any() -> None:
    rows = (faithful("hirescam", "layer4", 0.4, inside=0.8, pointing=0.9), faithful("random", "", 0.0, inside=0.25))
    found = shown(replace(made(), faithfulness=rows))
    assert {"In boxes", "Pointing"} <= {column.label for column in spec(found, "faithfulness", Table).columns}
    assert text(found, "evidence-in-boxes") == (
        "80 % of the evidence that HiResCAM shows lies in the annotated boxes; of maps of noise 25 % (n = 16). "
        "The strongest cell lies there for 90 % of the samples."
    )


def test_curves_are_of_each_method_at_its_best_layer_and_of_noise() -> None:
    plot = spec(shown(made()), "deletion", Plot)
    assert [layer.label.split(":")[0] for layer in plot.layers] == ["HiResCAM, layer4", "Grad-CAM, layer4", "noise"]
    assert [layer.dash for layer in plot.layers] == ["solid", "solid", "dotted"]


def test_noise_and_the_chosen_maps_have_a_curve_whatever_their_place() -> None:
    rows = [faithful(f"method {i}", "layer4", 0.9 - i / 20) for i in range(7)]
    rows += [faithful("hirescam", "layer3", 0.5), faithful("random", "", 0.01)]
    found = replace(made(), method="method 2", layer="layer3", faithfulness=tuple(rows))
    plot = spec(shown(found), "deletion", Plot)
    assert [layer.label.split(":")[0] for layer in plot.layers] == [f"method {i}, layer4" for i in range(6)] + ["noise"]
    early = (faithful("hirescam", "layer3", 0.41), *made().faithfulness[:1], *made().faithfulness[3:])
    plot = spec(shown(replace(made(), faithfulness=early)), "deletion", Plot)
    assert [layer.label.split(":")[0] for layer in plot.layers] == ["HiResCAM, layer4", "noise"]


@pytest.mark.parametrize(
    ("method", "layer", "road", "end"),
    [
        ("hirescam", "layer3", 0.41, "HiResCAM at layer3 have the highest, 0.410: no higher than chance may make it."),
        ("hirescam", "layer3", 0.6, "HiResCAM at layer3 have the highest, 0.600."),
        (
            "eigencam",
            "layer4",
            0.6,
            "EigenCAM at layer4 have the highest, 0.600, but stay alike when weights are random.",
        ),
        ("gradcam++", "layer4", 0.6, "Grad-CAM++ at layer4 have the highest, 0.600, but do not depend on the class."),
    ],
)
def test_maps_that_are_higher_are_named_with_why_they_are_not_shown(
    method: str, layer: str, road: float, end: str
) -> None:
    sanity = (*made().sanity, sane("gradcam++", 0.99, 0.2))
    rows = (faithful(method, layer, road), *made().faithfulness)
    told = text(shown(replace(made(), faithfulness=rows, sanity=sanity)), "map-chosen")
    assert told == f"Maps of HiResCAM at layer4 are shown: ROAD 0.400 ± 0.020, noise 0.010 (n = 16). Those of {end}"


def test_sanity_runs_from_the_head_to_the_input() -> None:
    found = shown(made())
    plot = spec(found, "sanity", Plot)
    assert plot.x.categories == ("fc", "layer4", "layer3")
    assert [layer.label for layer in plot.layers] == [
        "HiResCAM: passes",
        "EigenCAM: fails, not of the class",
        "maps of noise: 0.120",
    ]
    assert "EigenCAM fails the sanity check" in text(found, "sanity-failed")
    assert text(found, "map-classless").startswith("EigenCAM does not depend on the class")


def test_agreement_is_a_matrix_from_minus_one_to_one() -> None:
    matrix = spec(shown(made()), "agreement", Matrix)
    assert matrix.rows == ("HiResCAM", "Grad-CAM", "noise")
    assert (matrix.low, matrix.high, matrix.diverging) == (-1.0, 1.0, True)


# --- channels, inputs, tables, texts ---


def test_channels_have_maps_over_every_explained_picture_and_what_excites_them() -> None:
    found = shown(made())
    overlay = spec(found, "channels", Overlay)
    assert [heat.choice for heat in overlay.items[0].heats] == [("channel 17",), ("channel 3",)]
    assert overlay.items[0].heats[0].note == "Number 1 by what channels add to the answers, 0.400 on average."
    gallery = spec(found, "excited", Gallery)
    assert [item.title for item in gallery.items] == ["channel 17", "channel 3"]
    assert [thumb.key for thumb in gallery.items[1].pictures] == ["photos/3.jpg", "photos/4.jpg", "photos/5.jpg"]
    assert text(found, "channels-silent").startswith("20 of 64 channels of layer4 (31 %)")


def test_channels_of_more_layers_than_the_page_has_room_for_keep_what_excites_them() -> None:
    (first,) = made().channels
    wide = replace(first, layer="layer1", maps=np.zeros((6, 2, 300, 300), np.float32))
    found = figures(shown(replace(made(), channels=(wide, first))))
    assert {"channels", "excited", "excited-2"} <= set(found)
    assert "channels-2" not in found
    assert found["channels"].title == "Channels of layer4"  # the chosen layer comes first


def test_what_a_unit_sees_lies_over_nothing() -> None:
    (seen,) = spec(shown(made()), "reach", Overlay).items
    assert seen.picture.key == ""
    assert seen.heats[0].note.startswith("It sees 30 % of the input")


def test_how_inputs_were_made_is_said() -> None:
    rows = {row[0].text: row[1].text for row in spec(shown(made()), "prepared", Table).rows}
    assert rows["Input"] == "224 × 224 px, 3 channels; middle 100 % of the shorter side"
    assert rows["Numbers"] == "values / 255, mean 0.5, standard deviation 0.25, channels first"
    assert rows["Who says so"] == "preprocessor_config.json"
    assert rows["Right answers among them"] == "90 %"
    notes = spec(shown(replace(made(), notes=("Two minutes were over.",))), "notes", Table)
    assert [row[0].text for row in notes.rows] == ["The best of 6 by ROAD.", "Two minutes were over."]


def test_a_guess_is_told_with_what_else_was_tried() -> None:
    tried = (("[0, 1]", 0.4), ("ImageNet", 0.9), ("[-1, 1]", 0.89))
    found = shown(replace(made(), prepared=Prepared((8, 8), tried=tried, source="tried")))
    assert text(found, "input-guessed") == (
        "No file says how pictures become inputs. Of 3 usual ways, ImageNet gives the most right answers, 0.900, "
        "before [-1, 1] with 0.890. They differ too little to be sure: say it in experiment.yml."
    )


def test_columns_of_a_table_are_sorted_by_what_they_cost() -> None:
    columns = Columns(
        ("age", "height"),
        np.array([[0.1, -0.5], [0.2, 0.4]]),
        np.array([0.01, np.nan]),
        np.array([0.02, 0.3]),
        np.array([0.01, 0.05]),
        "accuracy",
    )
    found = shown(Probed("m.onnx", columns=columns, samples=2))
    plot = spec(found, "column-importance", Plot)
    assert plot.y.categories == ("height", "age")
    assert plot.layers[0].x.tolist() == [0.3, 0.02]
    assert spec(found, "column-attributions", Plot).layers[0].x == pytest.approx([0.45, 0.15])
    assert "prepared" in figures(found)


# --- numbers that are none ---


def test_numbers_that_are_none_break_nothing() -> None:
    odd = Map("hirescam", "layer4", 0, np.full((7, 7), np.nan, np.float32), gap=float("nan"))
    negative = Map("hirescam", "layer4", 0, np.full((7, 7), -1, np.float32))
    rows = [replace(explained(0, 0, 0), maps=(odd,)), replace(explained(1, 0, 0), maps=(negative,))]
    nothing = replace(faithful("hirescam", "layer4", 0.0), road=float("nan"), road_error=None, deletion=None)
    stale = replace(sane("hirescam", 0.0, 0.0), similarity=np.full(3, np.nan))
    found = shown(replace(made(rows), faithfulness=(nothing,), sanity=(stale,)))
    notes = [heat.note for seen in spec(found, "maps", Overlay).items for heat in seen.heats]
    assert notes == ["For cat: nothing speaks for it here."] * 2
    assert "map-chosen" not in kinds(found)
    assert {"faithfulness", "sanity"} <= set(figures(found))


# --- values, regions and boxes ---


def test_a_box_is_drawn_and_what_of_the_evidence_lies_in_it_is_told() -> None:
    first, *others = made().explanations
    boxed = replace(first, box=(0.25, 0.25, 0.75, 0.75), boxes=2)
    found = shown(replace(made([boxed, *others]), head="boxes"))
    overlay = spec(found, "maps", Overlay)
    assert [item.box for item in overlay.items] == [boxed.box, *[None] * len(others)]
    assert ("found", "2 boxes") in overlay.items[0].facts
    assert "of all in the box" in overlay.items[0].heats[0].note
    assert "of all in the box" not in overlay.items[1].heats[0].note
    rows = (faithful("hirescam", "layer4", 0.4, inside=0.8, pointing=0.9), faithful("random", "", 0.0, inside=0.25))
    judged = shown(replace(made(), head="boxes", faithfulness=rows))
    assert "In box" in {column.label for column in spec(judged, "faithfulness", Table).columns}
    assert "lies in the box that was found; of maps of noise 25 %" in text(judged, "evidence-in-boxes")
    assert spec(judged, "deletion", Plot).y.label == "probability of the box"


def test_a_region_stands_among_the_methods_and_is_no_evidence() -> None:
    mask = np.zeros((4, 4), np.float32)
    mask[0, :2] = 1
    regions = [replace(one, mask=mask, truth=None) for one in made().explanations]
    found = shown(replace(made(regions), head="regions"))
    overlay = spec(found, "maps", Overlay)
    (region,) = [heat for heat in overlay.items[0].heats if heat.choice[0] == "predicted region"]
    assert region.choice == ("predicted region", "input", "predicted")
    assert region.note == "Where the model says cat: 12 % of what it sees."
    assert "predicted region" in dict(overlay.notes)
    assert ("share of the picture", "0.950") in overlay.items[0].facts
    assert not any(item.group for item in overlay.items)


def test_a_value_is_told_beside_that_of_a_blank_picture() -> None:
    values = [replace(one, truth=None, top=(), output=3.5, blank=-1.25) for one in made().explanations]
    found = shown(replace(made(values), head="value", classes=("cat", "dog", "fox")))
    overlay = spec(found, "maps", Overlay)
    assert overlay.items[0].facts == (("output", "3.500"), ("of a blank picture", "−1.250"))
    assert spec(found, "deletion", Plot).y.low is None
    assert "blank picture" in figures(found)["maps"].caption
    assert spec(found, "deletion", Plot).y.label == "share left of what sets the output apart"
