"""Models from the folder to the pages: what is run, what is kept of it, and what is not run on a folder's word."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dlviz_docs import record
from dlviz_docs.build import build, probe
from dlviz_docs.cache import Cache
from dlviz_docs.errors import OptionError
from dlviz_docs.model.kept import Kept
from dlviz_docs.options import Options, parse
from dlviz_docs.readers.kept import packed_kept, read_kept
from dlviz_docs.study import Study, sections_of
from dlviz_docs.view import RESPONSES, Box, Diagram, Section, Site

pytest.importorskip("polars")

HERE = parse({"workers": 0, "path": ""})
FACTORY = """
import torch

def build(channels):
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, channels, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(64 * channels, 2),
    )
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As in a worker: threads that wait for a core take longer than so small a model."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network() -> torch.nn.Sequential:
    """Tells a bright left half from a bright right one, and is right."""
    torch.manual_seed(0)
    filters, head = torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.Linear(4 * 64, 2)
    half = (torch.arange(8) >= 4).float().repeat(4, 8, 1).flatten()
    with torch.no_grad():
        for parameter, value in zip(filters.parameters(), (0.1, 0.0), strict=True):
            parameter.fill_(value)
        head.weight.copy_(torch.stack([1 - half, half]) * 0.3)
        head.bias.zero_()
    return torch.nn.Sequential(filters, torch.nn.ReLU(), torch.nn.Flatten(), head)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """One run with 12 pictures, its answers, and its model at two moments."""
    random = np.random.default_rng(0)
    label = np.arange(12) % 2
    images = (random.random((12, 8, 8)) * 60).astype(np.uint8)
    for row, side in enumerate(label):
        images[row, :, 4 * side : 4 * side + 4] += 150
    folder = tmp_path / "runs"
    record.dataset(folder / "data", "test", images=images, label=label, classes=["left", "right"])
    net = network()
    x = torch.from_numpy(images[:, None].astype(np.float32) / 255)
    for run in ("one", "two"):
        (folder / run).mkdir()
        (folder / run / "metrics.csv").write_text("step,train_loss\n0,3\n1,2\n2,1.5\n")
    record.predictions(folder / "one", truth=label, logits=net(x), classes=["left", "right"])
    for epoch in (1, 2):
        record.model(folder / "one", net, x[:2], epoch=epoch)
        with torch.no_grad():
            next(net.parameters()).add_(0.01)
    return folder


def unpacked(content: bytes, folder: Path) -> Kept:
    file = folder / "kept.probe"
    file.write_bytes(content)
    return read_kept(file)


def make(runs: Path, options: Options = HERE) -> Site:
    return build(runs, options, runs.parent / "cache")


def page(site: Site, path: str) -> str:
    found = next((one for one in site.pages if one.path == path), None)
    return Path(found.file).read_text(encoding="utf-8") if found else ""


def test_a_model_beside_its_pictures_is_explained(runs: Path) -> None:
    site = make(runs)
    assert site.problems == ()
    cam = page(site, "runs/cam/index.html")
    assert "HiResCAM" in cam
    assert "epoch 1" in cam
    assert "left" in cam
    pictures = {asset.path for asset in site.assets if asset.path.startswith("runs/pictures/")}
    assert len(pictures) >= 12
    assert page(site, "runs/architecture/index.html")


def test_a_layer_shows_what_it_responds_to(runs: Path) -> None:
    """The page of its architecture refers to pictures that were made where the model was run."""
    cache = Cache(runs.parent / "cache")
    site = make(runs)
    studies = [study for name in cache.folder.rglob("*") if (study := cache.get(name.name, Study))]
    (models,) = (one for one in studies if [section.topic for section in one.sections] == ["architecture"])
    boxes = [box for section in sections_of([models], "runs") for box in boxes_of(section)]
    (asked,) = {picture.key for box in boxes if box.id == "1" for picture in box.pictures}  # the ReLU
    assert asked.startswith(RESPONSES)
    made = {word: name for one in studies for word, name in one.thumbs}
    pictures = {asset.path for asset in site.assets}
    names = [name for word, name in made.items() if word.partition("/")[2] == asked]
    assert [f"runs/pictures/{name}.webp" in pictures for name in names] == [True]


def boxes_of(section: Section) -> Iterator[Box]:
    for figure in section.figures:
        yield from figure.spec.boxes if isinstance(figure.spec, Diagram) else ()


def test_what_was_found_is_not_computed_again(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(runs)
    monkeypatch.setattr("dlviz_docs.probes.probe", lambda job: pytest.fail("it was run again"))
    (runs / "two" / "metrics.csv").write_text("step,train_loss\n0,3\n1,2\n2,1.4\n")
    (runs / "experiment.yml").write_text("title: Another\n")  # of which the explanations know nothing
    assert page(make(runs), "runs/cam/index.html")


def test_what_was_left_out_for_want_of_time_is_done_where_there_is_more(runs: Path) -> None:
    """And is good enough where there is less: results of a command that has time are shown by builds that have none."""
    hasty, patient = (parse({"workers": 0, "path": "", "probes_seconds": seconds}) for seconds in (0.01, 300))
    files, _ = probe(runs, hasty, runs.parent / "cache")
    assert all(unpacked(content, runs.parent).probed.hurried == 0.01 for _, content in files)
    files, _ = probe(runs, patient, runs.parent / "cache")
    kept = {path: unpacked(content, runs.parent) for path, content in files}
    assert [one.probed.hurried for one in kept.values()] == [0.0] * len(kept)
    for path, content in files:
        path.write_bytes(content)
    site = build(runs, hasty, runs.parent / "another")
    assert "seconds that explanations may take" not in explained(site)


def test_results_beside_a_model_serve_where_it_cannot_be_run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, problems = probe(runs, HERE, runs.parent / "cache")
    assert problems == ()
    assert sorted(path.name for path, _ in files) == ["model-epoch=1.pt2.probe", "model-epoch=2.pt2.probe"]
    assert not list(runs.rglob("*.probe"))
    for path, content in files:
        path.write_bytes(content)
    shutil.rmtree(runs.parent / "cache")
    monkeypatch.setattr("dlviz_docs.probes.probe", lambda job: pytest.fail("it was run again"))
    with_model = page(make(runs), "runs/cam/index.html")
    assert with_model
    for path in runs.rglob("*.pt2"):
        path.unlink()
    without = make(runs)
    assert without.problems == ()
    assert "HiResCAM" in page(without, "runs/cam/index.html")
    assert "Conv2d" in page(without, "runs/architecture/index.html")


def test_results_of_another_model_are_not_shown_for_this_one(runs: Path) -> None:
    (path, content), *_ = probe(runs, HERE, runs.parent / "cache")[0]
    path.write_bytes(content)
    kept = read_kept(path)
    path.write_bytes(packed_kept(Kept("another", "another", kept.network, kept.probed)))
    assert page(make(runs), "runs/cam/index.html")


def test_damaged_results_are_told_with_and_without_the_model(runs: Path) -> None:
    for path, content in probe(runs, HERE, runs.parent / "cache")[0]:
        path.write_bytes(content[:-9])
    with_model = make(runs)
    assert [problem.code for problem in with_model.problems] == ["probe-damaged"] * 2
    assert "one/model-epoch=1.pt2.probe" in page(with_model, "runs/architecture/index.html")
    assert page(with_model, "runs/cam/index.html")
    for path in runs.rglob("*.pt2"):
        path.unlink()
    without = make(runs)
    assert {(one.code, one.path) for one in without.problems} == {
        ("probe-damaged", "one/model-epoch=1.pt2.probe"),
        ("probe-damaged", "one/model-epoch=2.pt2.probe"),
    }


def test_results_of_the_last_moment_are_enough(runs: Path) -> None:
    for path, content in probe(runs, HERE, runs.parent / "cache")[0]:
        path.write_bytes(content)
    (runs / "one" / "model-epoch=1.pt2.probe").unlink()
    for path in runs.rglob("*.pt2"):
        path.unlink()
    site = make(runs)
    assert site.problems == ()
    assert "HiResCAM" in page(site, "runs/cam/index.html")


def test_what_is_wrong_with_weights_is_told_on_their_page(runs: Path) -> None:
    """A cut file, and one that would call something, keep what can be read of them."""
    whole = (runs / "one" / "model-epoch=1.pt2").read_bytes()
    for path in runs.rglob("*.pt2"):
        path.unlink()
    (runs / "one" / "model.pt2").write_bytes(whole[: len(whole) // 2])
    weights = {"layer.weight": torch.full((4, 4), torch.nan)}
    torch.save(weights, runs / "two" / "last.pt")
    site = make(runs)
    told = {(one.code, one.path) for one in site.problems}
    assert ("weights-not-finite", "two/last.pt") in told
    assert any(path == "one/model.pt2" for _, path in told)
    architecture = "".join(page(site, one.path) for one in site.pages if "architecture" in one.path)
    assert "two/last.pt" in architecture
    assert "one/model.pt2" in architecture


def test_weights_are_read_once_for_all_pages(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlviz_docs.readers import networks

    times, read = [], networks.read
    monkeypatch.setattr(networks, "read", lambda *given: times.append(given) or read(*given))
    make(runs)
    (runs / "data" / "more.csv").write_text("a,b\n1,2\n3,4\n5,6\n")  # samples change, models do not
    make(runs)
    assert len(times) == 1


def test_results_are_shown_of_a_function_that_is_not_trusted_here(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "mine_elsewhere.py").write_text(FACTORY)
    monkeypatch.syspath_prepend(tmp_path / "code")
    for path in runs.rglob("*.pt2"):
        path.unlink()
    torch.save(network().state_dict(), runs / "one" / "best.pt")
    (runs / "experiment.yml").write_text("model: mine_elsewhere:build\nmodel_options: {channels: 4}\n")
    trusting = parse({"workers": 0, "path": "", "factories": ["mine_elsewhere"]})
    for path, content in probe(runs, trusting, tmp_path / "there")[0]:
        path.write_bytes(content)
    site = make(runs)
    assert site.problems == ()
    assert "HiResCAM" in page(site, "runs/cam/index.html")


def test_a_size_alone_leaves_the_scale_to_be_found_out(runs: Path) -> None:
    (runs / "experiment.yml").write_text("input: {size: [8, 8]}\n")
    site = make(runs)
    assert "labelled samples" in page(site, "runs/cam/index.html")
    (runs / "experiment.yml").write_text("input: {scale: 0.00392157}\n")
    assert "labelled samples" not in page(make(runs), "runs/cam/index.html")


def test_without_torch_the_page_says_what_to_install(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import util

    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name, *rest: None if name == "torch" else real(name, *rest))
    site = make(runs)
    assert [problem.code for problem in site.problems] == ["model-not-run"]
    assert 'pip install "dlviz-docs[torch]"' in page(site, "runs/cam/index.html").replace("&#34;", '"')
    assert "Conv2d" in page(site, "runs/architecture/index.html")


def test_a_function_that_a_folder_names_runs_only_where_the_site_trusts_its_package(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "mine_to_trust.py").write_text(FACTORY)
    monkeypatch.syspath_prepend(tmp_path / "code")
    for path in runs.rglob("*.pt2"):
        path.unlink()
    torch.save(network().state_dict(), runs / "one" / "best.pt")
    (runs / "experiment.yml").write_text("model: mine_to_trust:build\nmodel_options: {channels: 4}\n")
    site = make(runs)
    assert [problem.code for problem in site.problems] == ["factory-not-trusted"]
    assert "factories: [mine_to_trust]" in site.problems[0].remedy
    assert make(runs, parse({"workers": 0, "path": "", "factories": ["mine"]})).problems
    trusted = make(runs, parse({"workers": 0, "path": "", "factories": ["mine_to_trust"]}))
    assert trusted.problems == ()
    assert "HiResCAM" in page(trusted, "runs/cam/index.html")


def test_a_function_that_hangs_costs_only_the_page_of_its_model(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "mine_that_hangs.py").write_text("import time\n\ndef build():\n    time.sleep(3600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "code"))  # of the worker
    monkeypatch.syspath_prepend(tmp_path / "code")
    for path in runs.rglob("*.pt2"):
        path.unlink()
    torch.save(network().state_dict(), runs / "one" / "best.pt")
    (runs / "experiment.yml").write_text("model: mine_that_hangs:build\n")
    given = {"workers": 1, "path": "", "factories": ["mine_that_hangs"]}
    site = make(runs, parse({**given, "probes_timeout": 10}))
    (problem,) = site.problems
    assert (problem.code, problem.path) == ("models-timeout", "one/best.pt")
    assert problem.what == "could not be run as mine_that_hangs:build builds it: took longer than 10 seconds"
    assert "`probes_timeout`, or correct the function that builds it, or leave the topic out" in problem.remedy
    assert {one.path for one in site.pages} >= {f"runs/{name}index.html" for name in ("", "architecture/", "results/")}
    assert not page(site, "runs/cam/index.html")
    assert "mine_that_hangs:build" in page(site, "runs/index.html")
    assert make(runs, parse({**given, "renderers": {"cam": False}})).problems == ()


def test_what_is_of_python_builds_no_model(runs: Path, tmp_path: Path) -> None:
    """Neither on a folder's word nor on the site's."""
    (runs / "experiment.yml").write_text("model: os:system\nmodel_options: {command: touch CANARY}\n")
    for factories in ((), ("os",)):
        site = make(runs, replace(HERE, factories=factories))
        assert {problem.code for problem in site.problems} == {"factory-not-trusted"}
        assert "factories:" not in site.problems[0].remedy
    with pytest.raises(OptionError, match=r"'os\.path' is of Python's own library"):
        parse({"factories": ["mine", "os.path"]})


def test_a_model_that_cannot_be_run_costs_only_its_page(runs: Path) -> None:
    class Odd(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = torch.special.bessel_j0(x).flatten(1)[:, :2]
            return found

    for path in runs.rglob("*.pt2"):
        path.unlink()
    record.model(runs / "one", Odd(), torch.rand(2, 1, 8, 8))
    site = make(runs)
    assert page(site, "runs/results/index.html")
    assert [(one.code, one.path) for one in site.problems] == [("model-not-run", "one/model.pt2")]
    assert "bessel_j0" in site.problems[0].what
    assert "bessel_j0" in page(site, "runs/cam/index.html")


def test_pictures_to_explain_that_are_not_there_are_told(runs: Path) -> None:
    (runs / "experiment.yml").write_text("explain: [nowhere.png, '3']\n")
    site = make(runs)
    (problem,) = site.problems
    assert (problem.code, problem.path) == ("explain-unknown", "experiment.yml")
    assert "nowhere.png," in problem.what
    assert "nowhere.png" in page(site, "runs/cam/index.html")


def test_maps_are_measured_against_boxes_that_are_annotated(runs: Path) -> None:
    images = np.load(runs / "data" / "test.npz")["images"]
    (runs / "data" / "test.npz").unlink()
    (runs / "one" / "predictions.npz").unlink()
    for row, pixels in enumerate(images):
        Image.fromarray(pixels).save(runs / "data" / f"{row}.png")
    rows = range(len(images))
    listed = {
        "images": [{"id": row, "file_name": f"{row}.png", "width": 8, "height": 8} for row in rows],
        "annotations": [
            {"id": row + 1, "image_id": row, "category_id": 1, "bbox": [4 * (row % 2), 0, 4, 8], "area": 32}
            for row in rows
        ],
        "categories": [{"id": 1, "name": "bright"}],
    }
    (runs / "data" / "annotations.json").write_text(json.dumps(listed))
    assert "annotated boxes" in page(make(runs), "runs/cam/index.html")


@pytest.mark.parametrize(("size", "said"), [("[8]", ""), ("[8, 8, 8]", "length <= 2"), ("[0, 8]", ">= 1")])
def test_one_size_is_a_square_and_others_are_refused(runs: Path, size: str, said: str) -> None:
    (runs / "experiment.yml").write_text(f"input: {{size: {size}}}\n")
    site = make(runs)
    assert [problem.code for problem in site.problems] == ["experiment-file"] * bool(said)
    assert said in "".join(problem.what for problem in site.problems)
    assert page(site, "runs/cam/index.html")


def table_of(folder: Path, told: str = "") -> None:
    """Two columns, the first of which decides, a row with a hole, and a model that wants them around zero."""
    random = np.random.default_rng(0)
    rows = random.normal((50, 3), (10, 1), (200, 2)).round(3)
    lines = [f"{a},{b},{'high' if a > 50 else 'low'}" for a, b in rows.tolist()]
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "rows.csv").write_text("\n".join(["a,b,kind", *lines, ",3,low"]) + "\n")
    (folder / "experiment.yml").write_text(f"data: {{path: data/rows.csv, target: kind}}\n{told}")
    net = torch.nn.Linear(2, 2)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[3.0, 0.0], [-3.0, 0.0]]))
        net.bias.zero_()
    record.model(folder / "one", net, torch.zeros(2, 2))


def explained(site: Site) -> str:
    return "".join(page(site, one.path) for one in site.pages if one.path.endswith("cam/index.html"))


def test_a_model_of_tables_is_run_on_rows(tmp_path: Path) -> None:
    table_of(tmp_path / "runs", "input: {mean: [50, 3], std: [10, 1]}\n")
    site = make(tmp_path / "runs")
    assert site.problems == ()
    cam = explained(site)
    assert "Columns the answers need" in cam
    assert "Columns the answers come from" in cam
    assert "100 %" in cam, "right answers"
    assert "most frequent class" not in cam


def test_columns_that_the_model_wants_scaled_are_suspected(tmp_path: Path) -> None:
    table_of(tmp_path / "runs")
    assert "most frequent class" in explained(make(tmp_path / "runs"))


def test_rows_are_not_given_to_a_model_of_another_width(tmp_path: Path) -> None:
    table_of(tmp_path / "runs")
    record.model(tmp_path / "runs" / "one", torch.nn.Linear(3, 2), torch.zeros(2, 3))
    site = make(tmp_path / "runs")
    assert site.problems == ()
    assert not explained(site)
