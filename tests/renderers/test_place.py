"""Names of several data sets, models or predictions, and what tells them apart."""

from __future__ import annotations

from dlviz_docs import names
from dlviz_docs.renderers._place import places


def test_each_has_a_name_and_an_address_of_its_own() -> None:
    found = places(["net", "Net", "net (2)", "other", "net"])
    assert [place.name for place in found] == ["net", "Net (2)", "net (2)", "other", "net (3)"]
    assert len({names.slug(place.name) for place in found}) == len(found)


def test_names_that_are_no_text_can_be_written() -> None:
    (place,) = places(["caf\udce9"])
    assert place.name == "caf\\xe9"
