"""Nothing that stands in a folder can run in a page, or become an element or an attribute that could.

Every payload is a way out of a piece of markup followed by a way to run a script, and goes into every place that a
folder's words can reach. Two judges: did anything run, and does the page hold anything that could? The control shows
both at work.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dlviz_docs import html
from dlviz_docs.assets import TEMPLATES
from dlviz_docs.charts.transport import run_script
from dlviz_docs.compose import compose_experiment, compose_index, index_entry
from dlviz_docs.model import Artifact, Experiment, Insight, Objective, Problem, Recorded, Run, Series, SourceFile
from dlviz_docs.renderers.overview import Overview
from dlviz_docs.renderers.training import Training
from dlviz_docs.view import Figure, Page, Section

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

BATCH = 24
"""Payloads in one document."""
RUNS = 6
"""Payloads in one experiment with figures."""

# What could end the place a name stands in: text, attributes, comments, raw text, JSON, a template.
WAYS_OUT = (
    "",
    '">',
    "'>",
    "</script>",
    "</title></textarea></style>",
    "-->",
    "]]>",
    '"}]</script>',
    "</p></td></tr></table>",
    "</svg>",
    "</code></pre>",
    "</details></figure></article>",
)
# What runs as soon as it is parsed.
WAYS_IN = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=prompt(1)>",
    "<svg><script>confirm(1)</script></svg>",
    "<iframe srcdoc='<script>parent.canary()</script>'></iframe>",
    "<iframe src='javascript:parent.canary()'></iframe>",
    "<details open ontoggle=canary()>",
    "<video><source onerror=canary()></video>",
    "<input autofocus onfocus=open()>",
    "<audio src=x onerror=print()>",
    "<object data='data:text/html,<script>parent.canary()</script>'></object>",
    "<embed src='javascript:canary()'>",
    "<style onload=canary()></style>",
    "<form><button formaction='javascript:canary()' autofocus onfocus=canary()>",
    "<a href='javascript:canary()' onmouseover=canary()>x</a>",
    "<math><mtext><table><mglyph><style><img src=x onerror=canary()>",
    "<svg><p><style><g title='</style><img src=x onerror=canary()>'>",
    "<noscript><p title='</noscript><img src=x onerror=canary()>'>",
    "<template><script>canary()</script></template>",
    "<!--<script>--><img src=x onerror=canary()>",
    "<base href='javascript:/x/'><a href=canary()>",
    "<link rel=stylesheet href='data:text/css,*{}' onload=canary()>",
    "<meta http-equiv=refresh content='0;url=javascript:canary()'>",
    "<marquee onstart=canary()>x</marquee>",
)
# What stays inside an attribute, a script, a template or a Markdown document.
QUIET = (
    '" onmouseover=canary() autofocus onfocus=canary() x="',
    "' onmouseover=canary() autofocus onfocus=canary() x='",
    "x onerror=canary() autofocus onfocus=canary()",
    "javascript:canary()",
    "JaVaScRiPt:canary()",
    "java\tscript:canary()",
    "\x01javascript:canary()",
    "data:text/html,<script>canary()</script>",
    "data:text/html;base64,PHNjcmlwdD5jYW5hcnkoKTwvc2NyaXB0Pg==",
    "vbscript:canary()",
    "//example.invalid/x.js",
    "[x](javascript:canary())",
    "![x](javascript:canary())",
    "[x](<javascript:canary()>)",
    "[x](data:text/html,<script>canary()</script>)",
    "[x][y]\n\n[y]: javascript:canary() 'z'",
    "<javascript:canary()>",
    '[x](https://example.invalid "onmouseover=canary()")',
    '![x](https://example.invalid/"onerror=canary())',
    "{: onmouseover=canary() }",
    "```html\n<script>canary()</script>\n```",
    "\\u003cscript\\u003ecanary()\\u003c/script\\u003e",
    "\\x3cscript\\x3ecanary()\\x3c/script\\x3e",
    "&lt;script&gt;canary()&lt;/script&gt;",
    "&#60;script&#62;canary()&#60;/script&#62;",
    "%3Cscript%3Ecanary()%3C/script%3E",
    "\u2028canary()\u2029",
    '");canary();//',
    "');canary();//",
    "${canary()}",
    "`${canary()}`",
    "{{ canary() }}",
    "{% include '/etc/passwd' %}",
    "{{ ''.__class__.__mro__ }}",
    "\ufeff<script>canary()</script>",
    "<\x00script>canary()</\x00script>",
    "<scr\x00ipt>canary()</script>",
    "\u202e<script>canary()</script>",
    "<ſcript>canary()</ſcript>",
    "＜script＞canary()＜/script＞",
    "+ADw-script+AD4-canary()+ADw-/script+AD4-",
    "<script\udc80>canary()</script>",
    "__proto__",
    "constructor",
)


PAYLOADS = tuple(dict.fromkeys([*(out + into for out in WAYS_OUT for into in WAYS_IN), *QUIET]))

# Before anything else in every frame: whatever a payload calls leaves its name.
HOOKS = """
if (window === window.top) window.fired = [];
for (const name of ["alert", "prompt", "confirm", "print", "open", "canary"])
  window[name] = () => { window.top.fired.push(name + " " + window.name); };
"""
# Elements and attributes that can run something, in the article of our pages or in a frame of the control.
FLAGGED = """(root) => {
  const found = [];
  const elements = "iframe,object,embed,form,style,base,link,meta,math,template,noscript,marquee,applet";
  for (const element of root.querySelectorAll("*")) {
    if (element.matches(elements)) found.push(element.localName);
    if (element.localName === "script" && element.type !== "application/json") found.push("script");
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name) || name === "srcdoc") found.push(element.localName + " " + name);
      const scheme = /^(javascript|data|vbscript):/i.test(value.replace(/[\\x00-\\x20]/g, ""));
      if (scheme && /^(href|src|action|formaction|data|xlink:href)$/i.test(name))
        found.push(element.localName + " " + name);
    }
  }
  return found;
}"""
# A reader who looks at every chart and presses what stands in it, but for what leaves the page.
USE = """() => {
  for (const figure of document.querySelectorAll(".dlviz-chart"))
    for (const event of ["pointerenter", "pointerover", "pointerdown", "focusin"])
      figure.dispatchEvent(new PointerEvent(event, { bubbles: true }));
  for (const button of document.querySelectorAll(".dlviz-key button, .dlviz-sort, .dlviz-filter button, summary"))
    button.click();
}"""


# --- our pages --------------------------------------------------------------------------------------------------------


def test_nothing_in_a_folder_can_run_or_become_markup(chromium: Browser, tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES / "assets", tmp_path / "assets")
    assert len(PAYLOADS) >= 300
    titles: list[str] = []
    for document in [*words_only(tmp_path), *with_figures(tmp_path)]:
        fired, flagged, seen = look(chromium, document)
        assert (fired, flagged) == ([], []), document.name
        titles += seen
    # Nothing was lost either: every payload can be read where it stood.
    assert [payload for payload in PAYLOADS if readable(payload) not in titles] == []


def words_only(site: Path) -> Iterator[Path]:
    """The index, and the front pages of experiments without runs: fast, so one for each payload."""
    experiments = [replace(hostile(i, [payload]), runs=()) for i, payload in enumerate(PAYLOADS)]
    problems = [problem for experiment in experiments for problem in experiment.problems]
    entries = [replace(index_entry(e), metric=e.title, best=1.0, best_run=e.title) for e in experiments]
    yield write(site / "index.html", [compose_index(entries, title="Experiments", problems=problems)])
    for start in range(0, len(experiments), BATCH):
        pages = [compose_experiment(experiment, [])[0] for experiment in experiments[start : start + BATCH]]
        yield write(site / f"words/{start}.html", pages)


def with_figures(site: Path) -> Iterator[Path]:
    """Overviews and training pages with live charts: a run for each payload, several to an experiment."""
    for start in range(0, len(PAYLOADS), BATCH):
        batch = PAYLOADS[start : start + BATCH]
        experiments = [hostile(start + i, batch[i : i + RUNS]) for i in range(0, len(batch), RUNS)]
        overviews, trainings = zip(*(compose_experiment(e, sections(e)) for e in experiments), strict=True)
        for experiment in experiments:
            write_data(site, experiment)
        yield write(site / f"overviews/{start}.html", overviews)
        yield write(site / f"trainings/of/{start}.html", trainings)


def test_the_control_fires(chromium: Browser, tmp_path: Path) -> None:
    ran = flags = 0
    for start in range(0, len(PAYLOADS), BATCH):
        document = tmp_path / f"{start}.html"
        # A frame each, since many payloads swallow what follows them.
        raw = enumerate(PAYLOADS[start : start + BATCH])
        frames = "".join(f'<iframe name="{i}" srcdoc="{html.attr(f"<p>{p}</p>")}"></iframe>' for i, p in raw)
        document.write_text(f"<!doctype html><title>control</title>{frames}", encoding="utf-8")
        executed, flagged = look_at_frames(chromium, document)
        ran, flags = ran + executed, flags + flagged
    print(f"control: of {len(PAYLOADS)} payloads {ran} ran a script, {flags} made an element or attribute that could")
    assert ran > 50
    assert flags > 0.8 * len(WAYS_OUT) * len(WAYS_IN)


# --- a folder that says such things everywhere ------------------------------------------------------------------------


def hostile(number: int, payloads: Sequence[str]) -> Experiment:
    """Payloads in every place that a folder's words can reach; the first stands for the experiment."""
    payload = payloads[0]
    problems = tuple(Problem(p, p, p, p) for p in payloads)
    return Experiment(
        slug=f"p{number}",
        title=payload,
        path=payload,
        runs=tuple(run(seed, p, payload) for seed, p in enumerate(payloads)),
        description=payload,
        tags=tuple(payloads),
        authors=tuple(payloads),
        model=payload,
        inputs=payload,
        story="\n\n".join(story(p) for p in payloads),
        objective=Objective("val/loss", "min", payload),
        problems=problems,
    )


def run(seed: int, payload: str, group: str) -> Run:
    values = np.array([3.0, 2.0, 1.0, np.nan, 1.5]) + seed
    return Run(
        name=f"{payload}{seed}",
        slug=f"r{seed}",
        series=tuple(series(name, values, payload) for name in ("val/loss", "train/loss", f"val/{payload}")),
        hparams={payload: payload, "varied": f"{payload}{seed}", f"group of {group}": group},
        artifacts=(Artifact(payload, f"{payload}{seed}", "checkpoint", 1000 + seed, step=3.0),),
        texts={payload: payload},
        status="failed",
        started=1e9,
        ended=1e9 + 60,
        group=group,
        seed=seed,
        color=seed,
        sources=(SourceFile(f"{payload}{seed}", 10, 1e9, payload, payload),),
        insights=(
            Insight(payload, "warning", payload, "metric-loss", f"{payload}{seed}", payload, 1.0, {payload: 1.0}),
            Insight("kind", "serious", payload, payload, payload, payload, 1.0, {}),
        ),
        problems=(Problem(payload, payload, payload, payload),),
    )


def series(name: str, values: np.ndarray[Any, np.dtype[np.float64]], payload: str) -> Series:
    steps = np.arange(len(values), dtype=np.float64)
    first, _, low, _, last = values.tolist()
    recorded = Recorded(5, 1, 0.0, 4.0, first, last, low, 2.0, first, 0.0)
    return Series(name, payload, steps, values, times=1e9 + steps, source=payload, part=payload, recorded=recorded)


def story(payload: str) -> str:
    """The payload in every construct of Markdown."""
    return f"""{payload}

# {payload}

Text {payload} text, [{payload}]({payload}), [x](<{payload}>), ![{payload}]({payload}), `{payload}`, <{payload}>

> {payload}

- {payload}

| {payload} |
|--:|
| {payload} |

~~~{payload}
{payload}
~~~

[x]: {payload} "{payload}"
"""


def sections(experiment: Experiment) -> list[Section]:
    told = [insight for one in experiment.runs for insight in one.insights]
    made = []
    for topic, renderer in (("overview", Overview()), ("training", Training())):
        figures = [figure for figure in renderer(experiment) if isinstance(figure, Figure)]
        renamed = tuple(replace(f, caption=f"{experiment.title} {f.caption}") for f in figures)
        made.append(Section(topic, experiment.title, tuple(told), renamed, experiment.problems))
    return made


# --- documents --------------------------------------------------------------------------------------------------------


def write(path: Path, pages: Sequence[Page]) -> Path:
    """Pages as a host would put them out, many to a document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    root = "../" * pages[0].path.count("/")
    articles = "".join(
        f"<article>{Path(page.file).read_text() if page.file else page.body}</article>" for page in pages
    )
    description = html.attr(" ".join(page.description for page in pages))
    styles = "".join(f'<link rel="stylesheet" href="{root}assets/{name}.css">' for name in ("figures", "dlviz"))
    scripts = "".join(f'<script src="{root}assets/{name}.js"></script>' for name in ("dlviz", "tables"))
    head = f'<title>{html.text(pages[0].title)}</title><meta name="description" content="{description}">{styles}'
    body = f"<body>{articles}{scripts}</body>"
    path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8">{head}{body}</html>', encoding="utf-8")
    return path


def write_data(site: Path, experiment: Experiment) -> None:
    folder = site / experiment.slug / "data"
    folder.mkdir(parents=True)
    for one in experiment.runs:
        (folder / f"{one.slug}.js").write_bytes(run_script(f"{experiment.slug}/{one.slug}", one))


def readable(value: str) -> str:
    """A title as the browser gives it back."""
    shown = str(html.text(value).unescape())
    return " ".join(shown.split())


def look(chromium: Browser, document: Path) -> tuple[list[str], list[str], list[str]]:
    """What ran, what could run, and the titles as they are read."""
    page = chromium.new_page()
    page.add_init_script(HOOKS)
    page.goto(document.as_uri())
    page.evaluate(USE)
    page.wait_for_timeout(100)
    fired = page.evaluate("fired")
    flagged = page.evaluate(f"[...document.querySelectorAll('article')].flatMap({FLAGGED})")
    outside = page.evaluate("[...document.body.children].map(e => e.localName)")
    titles = page.evaluate("[...document.querySelectorAll('h1, tbody th > a')].map(h => h.textContent)")
    page.close()
    strangers = set(outside) - {"article", "script", "dialog"}
    return fired, [*flagged, *strangers], [" ".join(title.split()) for title in titles]


def look_at_frames(chromium: Browser, document: Path) -> tuple[int, int]:
    """Of how many frames something ran, and how many hold something that could."""
    page = chromium.new_page()
    page.add_init_script(HOOKS)
    page.goto(document.as_uri(), wait_until="commit")  # some frames never finish
    page.wait_for_function("document.readyState !== 'loading'")
    page.wait_for_timeout(500)
    ran = len(set(page.evaluate("fired.map(call => call.split(' ').slice(1).join(' '))")))
    documents = "[...document.querySelectorAll('iframe')].map(f => f.contentDocument).filter(Boolean)"
    flagged = page.evaluate(f"{documents}.filter(d => ({FLAGGED})(d).length).length")
    page.close()
    return ran, flagged
