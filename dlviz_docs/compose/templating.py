"""Our own Jinja environment: MkDocs' does not encode."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from dlviz_docs import html, words
from dlviz_docs.assets import TEMPLATES
from dlviz_docs.charts.svg import spark

__all__ = ["render"]


def render(template: str, **values: Any) -> Markup:
    """A finished piece of HTML; a name the template uses and nobody gave is an error."""
    return Markup(_environment().get_template(template).render(values))  # noqa: S704  (encoded by the environment)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=html.text,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,  # folding constants takes longer than it saves in pages that are drawn once
    )
    environment.filters |= {
        "count": words.count,
        "date": words.date,
        "number": words.number,
        "spark": lambda values: Markup(spark(values)),  # noqa: S704  (drawn from numbers)
        "url": html.url,
    }
    return environment
