"""What layers respond to, where the model was run on samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlviz_docs.insights.model_words import brief
from dlviz_docs.model import Network
from dlviz_docs.model.probes import Probed
from dlviz_docs.stats.tiles import CHANNELS, PICTURES, response_size
from dlviz_docs.view import RESPONSES, Thumb
from dlviz_docs.words import count

__all__ = ["responses_of"]


def responses_of(network: Network, probes: Sequence[Probed]) -> Mapping[str, Thumb]:
    """By path of the layer, of the last checkpoint that was run; none where no checkpoint of this model was."""
    paths = [checkpoint.path for checkpoint in network.checkpoints]
    run = [number for number, probed in enumerate(probes) if probed.model in paths]
    if not run:
        return {}
    number = max(run, key=lambda one: paths.index(probes[one].model))
    probed = probes[number]
    thumbs = {}
    for place, found in enumerate(probed.channels):
        pictures = min(len(probed.explanations), len(found.maps), PICTURES)
        channels = min(len(found.indices), CHANNELS)
        if pictures and channels:
            width, height = response_size(pictures, channels)
            alt = (
                f"{count(pictures, 'picture')}, and where the {channels} channels of {brief(found.layer, 40)} "
                "that add most to the answers respond in each"
            )
            thumbs[found.layer] = Thumb(f"{RESPONSES}{number}:{place}", width, height, alt, max(width, height))
    return thumbs
