"""The house as HOUSE.md of the project's decisions page draws it: which room may import which, and what each may do."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dlviz_docs
from dlviz_docs.readers import READERS, Reader
from dlviz_docs.registry import load_readers, load_renderers
from dlviz_docs.renderers import RENDERERS, Renderer

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "dlviz_docs"

TYPES = {"agent_names", "errors", "model", "names"}
ENGINE_ROOMS = {
    "agent_words",
    "agents",
    "cache",
    "collect",
    "digest",
    "engine",
    "gather",
    "options",
    "packing",
    "parts",
    "present",
    "registry",
    "render",
    "report",
    "scan",
    "seeds",
    "side_by_side",
    "splice",
    "study",
    "workers",
    "build",
}

# What each room or module of the engine may import of ours, beside itself.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": {"model"},
    "model": set(),
    "names": {"model"},
    "agent_names": {"names"},
    "view": {"model"},
    "assets": {"errors", "view"},
    "options": {"errors", "model"},
    "html": set(),
    "stats": {"model"},
    "readers": TYPES | {"options", "packing", "stats"},
    "insights": TYPES | {"stats", "words"},
    "charts": TYPES | {"view", "stats", "html", "words"},
    "renderers": TYPES | {"view", "insights", "stats", "words"},
    "words": {"model"},
    "compose": TYPES | {"assets", "view", "charts", "html", "words"},
    "registry": {"errors", "model", "options", "readers", "renderers"},
    "parts": {"names", "readers"},
    "collect": {"parts"},
    "scan": TYPES | {"agent_words", "collect", "parts", "readers", "seeds"},
    "agent_words": {"model"},
    "agents": {"agent_names", "agent_words", "model"},
    "gather": TYPES | {"agents", "options", "scan", "seeds", "side_by_side", "splice"},
    "seeds": {"model"},
    "side_by_side": {"agent_names", "model", "scan", "stats"},
    "splice": {"model", "names", "scan"},
    "report": {"model"},
    "packing": {"names"},
    "cache": {"packing", "scan"},
    "workers": set(),
    "digest": TYPES | {"cache", "charts", "gather", "insights", "options", "readers", "registry", "scan", "stats"},
    "probes": TYPES | {"readers", "record", "stats"},
    "record": set(),  # what a training script imports
    "render": {"model", "renderers", "view"},
    "study": TYPES
    | {"cache", "charts", "collect", "options", "packing", "probes", "readers", "registry", "render", "report"}
    | {"scan", "stats", "view"},
    "present": TYPES
    | {"cache", "compose", "digest", "gather", "options", "readers", "registry", "render", "report", "scan", "study"}
    | {"view"},
    "engine": TYPES
    | {"cache", "digest", "options", "present", "registry", "render", "scan", "study", "view", "workers"},
    "build": TYPES
    | {"assets", "cache", "digest", "engine", "options", "present", "readers", "registry", "report"}
    | {"scan", "study", "view", "workers"},
    "export": {"compose", "errors", "html", "view"},
    "cli": {"build", "errors", "export", "model", "options", "readers", "report", "scan", "study", "words", "workers"},
}

HEAVY = (
    "torch",
    "matplotlib",
    "pandas",
    "sklearn",
    "scipy",
    "plotly",
    "mkdocs",
    "properdocs",
    "tensorboard",
    "IPython",
    "polars",
    "PIL",
    "tokenizers",
)


def modules(folder: Path = ENGINE) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder).parts[0].removesuffix(".py"), path


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((name, node.lineno) for name in names)


INSTALLED = frozenset(
    {"dlviz_docs", "dlviz_templates", "mkdocs_dlviz"}
    | {"filelock", "google_crc32c", "jinja2", "markdown_it", "markupsafe", "mkdocs", "msgspec", "nh3", "numpy"}
    | {"plotly", "rich", "xxhash", "yaml", "matplotlib", "PIL", "polars", "tokenizers", "torch"}
)
"""What the package's dependencies and extras bring, as it is imported."""


def test_what_tests_alone_install_is_imported_by_tests_alone() -> None:
    """Whoever installs the package has its dependencies and extras, and nothing else."""
    told = set(sys.stdlib_module_names) | INSTALLED
    breaches = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for _, path in modules()
        for name, line in imports(path)
        if name.partition(".")[0] not in told
    ]
    assert not breaches, "\n".join(breaches)


def test_every_room_imports_only_what_it_may() -> None:
    breaches = []
    for room, path in modules():
        if room == "__init__":
            continue
        allowed = MAY_IMPORT[room] | {room, "__version__"}
        for name, line in imports(path):
            if name.startswith("dlviz_docs."):
                target = name.split(".")[1]
                if target not in allowed:
                    breaches.append(f"{path.relative_to(ROOT)}:{line}: {room} imports {target}")
    assert not breaches, "\n".join(breaches)


def test_the_table_names_every_room_and_no_other() -> None:
    assert {room for room, _ in modules()} - {"__init__"} == set(MAY_IMPORT)


def test_only_the_host_imports_mkdocs() -> None:
    breaches = [
        f"{path.relative_to(ROOT)}:{line}"
        for _, path in modules()
        for name, line in imports(path)
        if name.split(".")[0] in ("mkdocs", "properdocs", "material")
    ]
    assert not breaches


def test_only_compose_knows_jinja() -> None:
    users = {room for room, path in modules() for name, _ in imports(path) if name.split(".")[0] == "jinja2"}
    assert users == {"compose"}


def test_only_readers_open_files_of_experiments() -> None:
    """What else calls `open`, `read_bytes` or `read_text` has our own files: assets, the cache, templates, exports,
    records."""
    ours = {"readers", "assets", "cache", "compose", "export", "cli", "record"}
    breaches = []
    for room, path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in ("open", "read_bytes", "read_text") and room not in ours:
                    breaches.append(f"{path.relative_to(ROOT)}:{node.lineno}: {called}")
    assert not breaches, "\n".join(breaches)


def test_import_is_light() -> None:
    code = (
        "import sys, dlviz_docs.build, dlviz_docs.cli;"
        f"found = sorted(set(sys.modules) & set({HEAVY!r}));"
        "assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_build_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "metrics.csv").write_text("step,train_loss\n0,1.0\n1,0.5\n")
    code = (
        "import sys; from pathlib import Path; from dlviz_docs.build import build;"
        "from dlviz_docs.options import parse;"
        f"site = build(Path({str(tmp_path / 'runs')!r}), parse({{'workers': 0}}), Path({str(tmp_path / 'cache')!r}));"
        "assert len(site.pages) > 1;"
        f"found = sorted(set(sys.modules) & set({HEAVY!r}) - {{'plotly'}});"
        "assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", [m.name for m in pkgutil.walk_packages([str(ENGINE)], "dlviz_docs.")])
def test_public_names_are_sorted_and_real(module: str) -> None:
    loaded = importlib.import_module(module)
    public = getattr(loaded, "__all__", None)
    assert public is not None, f"{module} has no __all__"
    assert len(public) == len(set(public))
    assert [name for name in public if not hasattr(loaded, name)] == []


def test_every_row_of_the_tables_is_what_it_says() -> None:
    readers, problems = load_readers({})
    assert problems == ()
    assert list(readers)[-len(READERS) :] == [name for name, _ in READERS]
    assert all(isinstance(reader, Reader) for reader in readers.values())
    renderers, problems = load_renderers({})
    assert problems == ()
    assert list(renderers)[: len(RENDERERS)] == [name for name, _ in RENDERERS]
    assert all(isinstance(renderer, Renderer) for renderer in renderers.values())


@pytest.mark.parametrize(("name", "target"), READERS)
def test_a_reader_has_one_word_in_every_place(name: str, target: str) -> None:
    assert target.startswith(f"dlviz_docs.readers.{name}:")
    assert any((ROOT / "tests/readers/formats" / name).iterdir()), "no case folder"
    assert f"## {name}\n" in (ROOT / "site_templates/docs/formats.md").read_text(encoding="utf-8")


def test_version_is_told_once() -> None:
    assert f'version = "{dlviz_docs.__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_no_two_files_of_tests_have_one_name() -> None:
    """Folders of tests are no packages: pytest imports each file by its name alone, and stops at the second of one."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if not (path.parent / "__init__.py").exists()]
    assert sorted(name for name in set(names) - {"conftest.py"} if names.count(name) > 1) == []
