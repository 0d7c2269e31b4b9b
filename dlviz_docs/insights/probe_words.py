"""Names of methods, and what each does, as pages about what a model looks at put them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["INPUT", "NOISE", "layer_name", "method_name", "method_says"]

NOISE: Final = "random"
"""Maps of noise, which every other has to beat."""
INPUT: Final = "input"
"""What stands for the layer of maps of the input itself."""


@dataclass(frozen=True, slots=True)
class _Method:
    name: str
    says: str


_METHODS: Final[Mapping[str, _Method]] = {
    "hirescam": _Method(
        "HiResCAM",
        "Activations times gradients, cell by cell. For a head that is linear after the layer, it is exactly what each "
        "cell adds to the answer (Draelos and Carin 2020).",
    ),
    "gradcam": _Method(
        "Grad-CAM",
        "Channels weighted by their mean gradient (Selvaraju et al. 2017). Equal to HiResCAM where the layer is "
        "averaged and one linear layer follows.",
    ),
    "gradcam++": _Method(
        "Grad-CAM++",
        "As Grad-CAM, with gradients weighted so that several objects count alike (Chattopadhay et al. 2018).",
    ),
    "xgradcam": _Method("XGrad-CAM", "Channels weighted by gradients in proportion to activations (Fu et al. 2020)."),
    "layercam": _Method(
        "LayerCAM", "Activations times positive gradients, cell by cell: finer at early layers (Jiang et al. 2021)."
    ),
    "eigencam": _Method(
        "EigenCAM",
        "The first principal component of the activations (Muhammad and Yeasin 2020). It does not know which class is "
        "asked for.",
    ),
    "scorecam": _Method(
        "Score-CAM",
        "Channels weighted by how sure the model is of the picture seen through each of them; no gradients (Wang et "
        "al. 2020).",
    ),
    "ablationcam": _Method(
        "Ablation-CAM",
        "Channels weighted by what the answer loses without them (Desai and Ramaswamy 2020).",
    ),
    "integrated gradients": _Method(
        "Integrated Gradients",
        "Gradients summed on the way from an empty picture to this one, pixel by pixel (Sundararajan et al. 2017).",
    ),
    "smoothgrad": _Method("SmoothGrad", "Gradients averaged over noisy copies of the picture (Smilkov et al. 2017)."),
    "occlusion": _Method("Occlusion", "What the answer loses where a patch is covered (Zeiler and Fergus 2014)."),
    "rise": _Method("RISE", "How sure the model is under thousands of random masks (Petsiuk et al. 2018)."),
    "rollout": _Method(
        "Attention rollout",
        "Attention followed through all blocks (Abnar and Zuidema 2020). It does not know which class is asked for.",
    ),
    "relevance": _Method(
        "Relevance", "Attention weighted by gradients, followed through all blocks (Chefer et al. 2021)."
    ),
    "contrast": _Method(
        "Contrast",
        "HiResCAM of one answer less that of another: what speaks for the one and not for the other.",
    ),
    NOISE: _Method("noise", "Smooth random maps: what any method has to beat."),
}


def method_name(method: str) -> str:
    """As its authors call it; one we do not know as it is."""
    return _METHODS[method].name if method in _METHODS else method


def method_says(method: str) -> str:
    """What it does, in a sentence; "" for one we do not know."""
    return _METHODS[method].says if method in _METHODS else ""


def layer_name(layer: str) -> str:
    """The layer's path; one that is a number, as in a plain sequence, with a word before it."""
    return f"layer {layer}" if layer.isdecimal() else layer or INPUT
