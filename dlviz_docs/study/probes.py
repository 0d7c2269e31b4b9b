"""The models of one experiment, run on its pictures and explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlviz_docs.cache import Cache, content_hash
from dlviz_docs.errors import MissingExtra, ProbeError, ReadError
from dlviz_docs.model import Checkpoint, Experiment, Network, Problem, Samples
from dlviz_docs.model.kept import Kept
from dlviz_docs.model.probes import Probed
from dlviz_docs.options import About, Selection, factory_of
from dlviz_docs.readers._about import read_about
from dlviz_docs.readers.kept import SUFFIX, read_kept
from dlviz_docs.registry import load_renderers
from dlviz_docs.render import asks_for, section_of
from dlviz_docs.scan import ExperimentFolder
from dlviz_docs.study.models import read_models
from dlviz_docs.study.packed import Study, packed
from dlviz_docs.study.pictures import PicturesOfSamples
from dlviz_docs.study.prepared import class_names, prepared_of
from dlviz_docs.study.responses import responses
from dlviz_docs.study.samples import read_samples
from dlviz_docs.study.shown import Shown, pictures_for
from dlviz_docs.view import Section

if TYPE_CHECKING:
    from dlviz_docs.probes import Factory, Job

__all__ = ["study_probes"]

RUNNABLE = (".pt2", ".onnx")
"""Files that hold a graph of operations, which our own executors run."""


def study_probes(folder: ExperimentFolder, renderers: Selection, cache: Cache, factories: Sequence[str]) -> Study:
    """What running its models on its pictures showed; nothing where there is none that can be run.

    `factories` are the packages whose functions may build a model, by the site's own configuration.
    """
    about, _, _ = read_about([Path(source.path) for source in folder.about])
    samples, models = read_samples(folder), read_models(folder)
    probe = _Probe(folder, about, samples, cache, tuple(factories))
    found = [one for network in models.networks for one in probe.of(network)]
    kept = [one for one in found if isinstance(one, Kept)]
    told = [one for one in found if isinstance(one, Problem)]
    if not found:
        return Study()
    probes = tuple(one.probed for one in kept)
    experiment = Experiment(folder.slug, folder.name, folder.relative, samples=samples, models=models, probes=probes)
    sections = list(_sections(experiment, renderers, told))
    figures = [figure for section in sections for figure in section.figures]
    root = Path(folder.samples.root if folder.samples else folder.path)
    pictures = PicturesOfSamples(root, samples, cache)
    thumbs = (*pictures.thumbs(figures), *responses(probes, pictures))
    return Study(packed(sections), thumbs, kept=tuple((one.probed.model, one.key) for one in kept))


def _sections(experiment: Experiment, selection: Selection, told: Sequence[Problem]) -> Iterator[Section]:
    renderers, _ = load_renderers(selection)
    for name, renderer in renderers.items():
        if asks_for(renderer) == "probes":
            section = section_of(name, renderer, experiment)
            yield replace(section, problems=(*told, *section.problems))


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """Runs the models of one experiment, or finds what was kept of an earlier run."""

    folder: ExperimentFolder
    about: About
    samples: Samples
    cache: Cache
    factories: tuple[str, ...]

    def of(self, network: Network) -> Iterator[Kept | Problem]:
        """All of the model's last checkpoint that can be run, then the same maps of those before it, latest first."""
        files = self._files(network)
        if not files:
            return
        root = Path(self.folder.samples.root) if self.folder.samples else self._root
        shown = pictures_for(files[-1].run, self.samples, self.about, root, class_names(self.folder))
        if shown is None:
            return
        if (problem := self._distrust(files[-1])) is not None:
            yield problem
            return
        last: Kept | None = None
        for checkpoint in reversed(files):
            outcome = self._result(network, checkpoint, shown, last.probed if last else None)
            yield outcome
            if isinstance(outcome, Problem):
                return
            last = last or outcome

    @property
    def _root(self) -> Path:
        return Path(self.folder.path)

    def _files(self, network: Network) -> list[Checkpoint]:
        """Those that can be run, in the order of training: of a factory, any weights."""
        if factory_of(self.about) is not None:
            return list(network.checkpoints)
        return [one for one in network.checkpoints if one.path.lower().endswith(RUNNABLE)]

    def _distrust(self, checkpoint: Checkpoint) -> Problem | None:
        """Why what the experiment names is not run."""
        named = factory_of(self.about)
        if named is None or _trusted(named[0], self.factories):
            return None
        package = named[0].partition(".")[0]
        what = f"experiment.yml says that {':'.join(named)} builds the model, which is code and was not run"
        remedy = f"If it is yours, name its package in mkdocs.yml: factories: [{package}]."
        return Problem("factory-not-trusted", self._placed(checkpoint), what, remedy)

    def _result(self, network: Network, checkpoint: Checkpoint, shown: Shown, last: Probed | None) -> Kept | Problem:
        """Out of the cache, out of what was kept beside the model, or computed."""
        from dlviz_docs.probes import content_key, probe

        path = self._root / checkpoint.path
        kept = self._kept(path)
        if kept is not None and not path.exists():
            return self._stored(kept)
        job = self._job(checkpoint, shown, last)
        content = content_hash(str(path))
        key = content_key(job, content)
        if (known := self.cache.get(key, Kept)) is not None:
            return known
        if kept is not None and kept.key == key:
            return self._stored(kept)
        try:
            return self._stored(Kept(key, content, network, probe(job)))
        except MissingExtra as error:
            if kept is not None and kept.content == content:
                return self._stored(kept)  # of the same model; samples or options were others
            what = "is not run, since PyTorch cannot be imported here"
            return Problem("model-not-run", self._placed(checkpoint), what, str(error))
        except ProbeError as error:
            remedy = "Export it anew, or leave the topic out: renderers: {cam: false}."
            return Problem("model-not-run", self._placed(checkpoint), f"could not be run: {error}", remedy)

    def _kept(self, path: Path) -> Kept | None:
        """What `dlviz probe` left beside the model; nothing where that cannot be read: it is computed again."""
        beside = path.with_name(path.name + SUFFIX)
        try:
            return read_kept(beside) if beside.exists() else None
        except (ReadError, OSError):
            return None

    def _stored(self, kept: Kept) -> Kept:
        self.cache.put(kept.key, kept)
        return kept

    def _job(self, checkpoint: Checkpoint, shown: Shown, last: Probed | None) -> Job:
        from dlviz_docs.probes import Job, PictureInput

        prepared = last.prepared if last else prepared_of(self.folder, self.about, checkpoint)
        job = Job(
            PictureInput(shown.pixels, prepared=prepared),
            model=self._root / checkpoint.path,
            root=self._root,
            factory=self._factory(self.about.model_options),
            truth=shown.truth,
            sources=shown.keys,
            classes=shown.classes,
            explain=shown.explain,
        )
        if last is None:
            return job
        explained = tuple(one.sample for one in last.explanations)
        return replace(job, explain=explained, methods=(last.method,), layers=(last.layer,), judged=1)

    def _factory(self, arguments: Mapping[str, str | int | float | bool]) -> Factory | None:
        from dlviz_docs.probes import Factory

        named = factory_of(self.about)
        return Factory(":".join(named), arguments) if named else None

    def _placed(self, checkpoint: Checkpoint) -> str:
        """The checkpoint's path relative to the scanned folder, as problems tell it."""
        return f"{self.folder.relative}/{checkpoint.path}".removeprefix("./")


def _trusted(module: str, factories: Sequence[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in factories)
