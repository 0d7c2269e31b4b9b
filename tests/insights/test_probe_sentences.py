"""Sentences about maps: when they are said, and when not."""

from __future__ import annotations

import math

import pytest

from dlviz_docs.insights import probe_inputs, probe_sight, probe_trust
from dlviz_docs.insights.probe_words import layer_name, method_name, method_says
from dlviz_docs.model import Insight


def said(found: Insight | None) -> str:
    assert found is not None
    return found.text


def test_of_few_samples_nothing_is_said_of_all() -> None:
    assert probe_sight.spread(0.1, 4, None, None) is None
    assert probe_sight.border("wolf", 4, 4, 0.36, wrong=True) is None
    assert probe_sight.boxes("gradcam", 0.9, 0.2, None, 4) is None


def test_half_of_the_evidence_from_the_narrowest_to_the_widest_class() -> None:
    text = said(probe_sight.spread(0.12, 24, ("ring", 0.05), ("sea", 0.31)))
    assert text.startswith(
        "Half of the evidence lies on 12 % of the picture on average, from 5 % for ring to 31 % for sea"
    )
    assert said(probe_sight.spread(0.12, 24, None, None, 0.3)).endswith("without any preference it would be 30 %.")
    assert "from" not in said(probe_sight.spread(0.12, 24, ("ring", 0.05), ("ring", 0.05))).split("(n")[0]


def test_the_border_is_told_where_it_holds_most_evidence_most_of_the_time() -> None:
    told = probe_sight.border("wolf", 7, 9, 0.36, wrong=True)
    assert said(told) == (
        "In 7 of 9 wrong answers “wolf” most of the evidence lies along the border of the picture, which has 36 % of "
        "the area: perhaps the background is what was learnt."
    )
    assert told is not None
    assert told.severity == "warning"
    assert probe_sight.border("wolf", 6, 9, 0.36, wrong=True) is None
    cut = said(probe_sight.border("", 9, 9, 0.36, wrong=False, cut=True))
    assert cut.startswith("In 9 of 9 answers most of the evidence lies along the border of what the model sees, which")


def test_evidence_in_boxes_has_to_exceed_that_of_noise() -> None:
    good, poor = probe_sight.boxes("gradcam", 0.8, 0.3, 0.9, 16), probe_sight.boxes("gradcam", 0.35, 0.3, None, 16)
    assert good is not None
    assert poor is not None
    assert (good.severity, poor.severity) == ("info", "warning")
    assert poor.text.endswith("That is hardly more: the answers may rest on something else.")


@pytest.mark.parametrize(
    ("inside", "noise", "severity"),
    [
        (0.97, 0.95, "info"),
        (0.951, 0.95, "warning"),
        (0.13, 0.05, "info"),
        (0.06, 0.05, "warning"),
        (0.01, 0.05, "warning"),
    ],
)
def test_large_and_small_boxes_are_judged_by_what_noise_would_give(inside: float, noise: float, severity: str) -> None:
    told = probe_sight.boxes("gradcam", inside, noise, None, 16)
    assert told is not None
    assert told.severity == severity


def test_reasons_of_empty_maps_are_counted() -> None:
    told = probe_sight.empty("gradcam", "layer4", [("All is against it.", 4), ("It is silent.", 1)], 8)
    assert said(told) == "5 of 8 maps of Grad-CAM at layer4 are empty. All is against it. (4) It is silent. (1)"
    assert told is not None
    assert told.severity == "warning"
    assert said(probe_sight.empty("gradcam", "", [("It is silent.", 1)], 8)).startswith(
        "1 of 8 maps of Grad-CAM at input is"
    )
    assert probe_sight.empty("gradcam", "layer4", [], 8) is None


def test_maps_no_better_than_noise_are_a_warning() -> None:
    clear = probe_trust.chosen("gradcam", "layer4", 0.3, 0.02, 0.01, 16)
    weak = probe_trust.chosen("gradcam", "layer4", 0.04, 0.02, 0.01, 16)
    assert clear is not None
    assert weak is not None
    assert (clear.kind, clear.severity) == ("map-chosen", "info")
    assert clear.text.endswith("ROAD 0.300 ± 0.020, noise 0.010 (n = 16).")
    assert (weak.kind, weak.severity) == ("map-unfaithful", "warning")
    assert weak.text.startswith("Maps of Grad-CAM at layer4 are not clearly better than noise")
    beaten = said(probe_trust.chosen("gradcam", "layer4", 0.3, 0.1, 0.0, 16, ("occlusion", "", 0.35, "chance")))
    assert beaten.endswith("Those of Occlusion at input have the highest, 0.350: no higher than chance may make it.")
    assert probe_trust.chosen("gradcam", "layer4", math.nan, None, None, 16) is None
    assert said(probe_trust.chosen("gradcam", "layer4", 0.3, None, None, 16)).endswith("ROAD 0.300 (n = 16).")


def test_a_failed_check_is_serious_where_it_is_the_chosen_method() -> None:
    own = probe_trust.insane([("gradcam", 0.9)], "gradcam")
    other = probe_trust.insane([("gradcam", 0.9), ("eigencam", 0.7)], "hirescam")
    assert own is not None
    assert other is not None
    assert (own.severity, other.severity) == ("serious", "info")
    assert other.text == (
        "Grad-CAM, EigenCAM fail the sanity check: after all weights were made random, maps are still like those "
        "before (rank correlation up to 0.900): they show the picture more than what was learnt."
    )
    assert probe_trust.insane([], "gradcam") is None
    assert probe_trust.classless([]) is None


def test_methods_disagree_below_a_threshold() -> None:
    assert probe_trust.agreement(0.5, ("gradcam", "eigencam", 0.1), 16) is None
    assert probe_trust.agreement(math.nan, ("gradcam", "eigencam", 0.1), 16) is None
    assert "between Grad-CAM and EigenCAM (−0.100; n = 16)" in said(
        probe_trust.agreement(0.1, ("gradcam", "eigencam", -0.1), 16)
    )


def test_the_layer_matters_where_it_changes_more_than_the_method() -> None:
    assert probe_trust.layer_matters("gradcam", ("a", 0.4), ("b", 0.3), 0.06) is None
    assert probe_trust.layer_matters("gradcam", ("a", 0.04), ("b", 0.0), 0.0) is None
    assert "is 0.400 at a and 0.100 at b; methods at one layer differ by 0.050" in said(
        probe_trust.layer_matters("gradcam", ("a", 0.4), ("b", 0.1), 0.05)
    )


def test_gradients_that_do_not_add_up_are_told() -> None:
    assert probe_trust.incomplete(0.04, 0, 9) is None
    assert "in 2 of 9 maps, 30 % at most" in said(probe_trust.incomplete(0.3, 2, 9))


def test_a_clear_guess_is_a_fact_and_a_close_one_a_warning() -> None:
    assert probe_inputs.guessed([]) is None
    clear, close = (probe_inputs.guessed([("ImageNet", 0.9), ("[0, 1]", other)]) for other in (0.5, 0.89))
    assert clear is not None
    assert close is not None
    assert (clear.severity, close.severity) == ("info", "warning")


def test_few_silent_channels_are_not_told() -> None:
    assert probe_inputs.silent("layer4", 6, 64, 40) is None
    assert probe_inputs.silent("layer4", 0, 0, 40) is None
    assert probe_inputs.silent("layer4", 7, 64, 40) is not None


def test_a_method_that_is_not_known_keeps_its_name() -> None:
    assert (method_name("my method"), method_says("my method")) == ("my method", "")
    assert method_name("gradcam++") == "Grad-CAM++"
    assert [layer_name(layer) for layer in ("layer4.1", "6", "")] == ["layer4.1", "layer 6", "input"]


def test_every_method_of_the_probes_has_a_name_and_words() -> None:
    from dlviz_docs.probes.job import METHODS

    assert all(method_name(method) != method and method_says(method) for method in METHODS)
