from __future__ import annotations

import pytest

from dlviz_docs.errors import OptionError
from dlviz_docs.options import About, Options, factory_of, from_mapping, parse


def test_nothing_given_is_the_defaults() -> None:
    assert parse({}) == Options()


def test_values_are_typed() -> None:
    options = parse({"exclude": ["a/*"], "workers": 1, "readers": {"table": False}})
    assert options.exclude == ("a/*",)
    assert options.readers == {"table": False}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"experiment_dir": "x"}, r"unknown key 'experiment_dir'.*Did you mean 'experiments_dir'"),
        ({"zzz": 1}, r"unknown key 'zzz'.*Known: cache_dir, exclude"),
        ({"workers": "two"}, r"dlviz: workers: Expected `int`, got `str`"),
        ({"exclude": "a"}, r"dlviz: exclude: Expected `array`"),
    ],
)
def test_a_wrong_key_or_value_is_named(given: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse(given)


def test_experiment_yml() -> None:
    about = from_mapping(About, {"title": "T", "direction": "min", "tags": ["a", "b"]}, where="experiment.yml")
    assert (about.title, about.direction, about.tags) == ("T", "min", ("a", "b"))
    with pytest.raises(OptionError, match=r"experiment.yml: direction: Invalid enum value 'down'"):
        from_mapping(About, {"direction": "down"}, where="experiment.yml")


def test_a_model_is_a_function_or_a_sentence() -> None:
    assert factory_of(About(model="a.b.c:Zoo.small")) == ("a.b.c", "Zoo.small")
    for said in ("", "a net: deep", "models", ":build", "models:", "a-b:c", "a b:c", "a:b()", ".a:b"):
        assert factory_of(About(model=said)) is None
