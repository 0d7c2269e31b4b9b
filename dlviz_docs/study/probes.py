"""The models of one experiment, run on its pictures, its texts or the rows of its tables, and explained."""

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
from dlviz_docs.options import About, Selection, factory_of, is_of_python
from dlviz_docs.readers._about import read_about
from dlviz_docs.readers.kept import SUFFIX, read_kept
from dlviz_docs.readers.python_source import source_hash
from dlviz_docs.readers.samples._homes import Homes
from dlviz_docs.readers.tokens import labels_in
from dlviz_docs.scan import ExperimentFolder
from dlviz_docs.study.models import read_models
from dlviz_docs.study.packed import Study, packed
from dlviz_docs.study.pictures import PicturesOfSamples
from dlviz_docs.study.prepared import class_names, prepared_of
from dlviz_docs.study.responses import responses
from dlviz_docs.study.rows import Rows, rows_for
from dlviz_docs.study.running import Running, running
from dlviz_docs.study.samples import read_samples
from dlviz_docs.study.sections import drawn, placed
from dlviz_docs.study.shown import Shown, pictures_for
from dlviz_docs.study.texts import Lacking, Sentences, texts_for
from dlviz_docs.view import Fact

if TYPE_CHECKING:
    from dlviz_docs.probes import Factory, Job, PictureInput, TableInput, TextInput

__all__ = ["study_probes"]

RUNNABLE = (".pt2", ".onnx")
"""Files that hold a graph of operations, which our own executors run."""


def study_probes(
    folder: ExperimentFolder,
    renderers: Selection,
    cache: Cache,
    factories: Sequence[str],
    name: str,
    seconds: float,
) -> Study:
    """What running its models on its samples showed; nothing where there is none that can be run.

    `factories` are the packages whose functions may build a model, by the site's own configuration; `name` is what the
    study is called in the cache; explanations of each model are begun in so many `seconds`.
    """
    about, _, _ = read_about([Path(source.path) for source in folder.about])
    if not _may_run(folder, about):
        return Study()
    (read, models), samples = read_models(folder, cache), read_samples(folder)
    probe = _Probe(folder, about, samples, cache, tuple(factories), name, seconds)
    found = [one for network in models.networks for one in probe.of(network)]
    if not found:
        return Study(needs=(read,))
    kept = [one for one in found if isinstance(one, Kept)]
    facts = tuple(dict.fromkeys(Fact("Words of texts", one.why) for one in found if isinstance(one, Lacking)))
    told = [one for one in found if isinstance(one, Problem)]
    told = list(dict.fromkeys(told))  # of what is asked of each model
    told += placed([problem for one in kept for problem in one.probed.problems], folder.relative)
    probes = tuple(one.probed for one in kept)
    experiment = Experiment(folder.slug, folder.name, folder.relative, samples=samples, models=models, probes=probes)
    sections = list(drawn("probes", experiment, renderers, {"cam": told}))
    sections = [replace(one, facts=(*one.facts, *facts)) if one.topic == "cam" else one for one in sections]
    figures = [figure for section in sections for figure in section.figures]
    pictures = PicturesOfSamples(probe.place, samples, cache)
    thumbs = (*pictures.thumbs(figures), *responses(probes, pictures))
    return Study(packed(sections), thumbs, kept=tuple((one.probed.model, one.key) for one in kept), needs=(read,))


def _may_run(folder: ExperimentFolder, about: About) -> bool:
    """By names alone: else all weights and samples would be read to find nothing."""
    paths = [source.path.lower().removesuffix(SUFFIX) for source in folder.models]
    return factory_of(about) is not None or any(path.endswith(RUNNABLE) for path in paths)


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """Runs the models of one experiment, or finds what was kept of an earlier run."""

    folder: ExperimentFolder
    about: About
    samples: Samples
    cache: Cache
    factories: tuple[str, ...]
    study: str
    """Its name in the cache."""
    seconds: float
    """That explanations of one model may take."""

    def of(self, network: Network) -> Iterator[Kept | Problem | Lacking]:
        """All of the model's last checkpoint that can be run, then the same maps of those before it, latest first."""
        files = self._files(network)
        if not files:
            return
        shown = self._shown(network, files[-1])
        if isinstance(shown, Lacking):
            yield shown
        if shown is None or isinstance(shown, Lacking):
            return
        if isinstance(shown, Shown) and shown.unknown:
            yield self._unknown(shown.unknown)
        last: Kept | None = None
        for checkpoint in reversed(files if isinstance(shown, Shown) else files[-1:]):
            outcome = self._result(network, checkpoint, shown, last.probed if last else None)
            yield outcome
            if isinstance(outcome, Problem):
                return
            last = last or outcome

    def _shown(self, network: Network, last: Checkpoint) -> Shown | Rows | Sentences | Lacking | None:
        """What the model is run on: rows, texts or pictures, by what it takes and what there is."""
        rows = rows_for(network, self.samples, self.about.input)
        if rows is not None:
            return rows
        folders = [self._root / parent for parent in Path(last.path).parents]
        labels = next((names for one in folders if (names := labels_in(one / "config.json"))), class_names(self.folder))
        texts = texts_for(network, self.samples, folders, labels, built=factory_of(self.about) is not None)
        if texts is not None:
            return texts
        return pictures_for(last.run, self.samples, self.about, self.place, class_names(self.folder))

    @property
    def place(self) -> Path:
        """The folder that paths of samples are relative to."""
        return Path(self.folder.samples.root) if self.folder.samples else self._root

    @property
    def _root(self) -> Path:
        return Path(self.folder.path)

    def _files(self, network: Network) -> list[Checkpoint]:
        """Those that can be run, or were, in the order of training: of a factory, any weights."""
        any_weights = factory_of(self.about) is not None
        return [
            one
            for one in network.checkpoints
            if (any_weights or one.path.lower().endswith(RUNNABLE))
            and ((self._root / one.path).exists() or self._kept(self._root / one.path))
        ]

    def _unknown(self, names: Sequence[str]) -> Problem:
        what = f"asks to explain {', '.join(names)}, which cannot be read or is none of the pictures the model is shown"
        remedy = "Name files relative to the experiment, or identifiers of samples."
        return Problem("explain-unknown", f"{self.folder.relative}/experiment.yml".removeprefix("./"), what, remedy)

    def _distrust(self, checkpoint: Checkpoint) -> Problem | None:
        """Why what the experiment names is not run."""
        named = factory_of(self.about)
        if named is None or _trusted(named[0], self.factories):
            return None
        package = named[0].partition(".")[0]
        what = f"experiment.yml says that {':'.join(named)} builds the model, which is code and was not run"
        remedy = f"If it is yours, name its package in mkdocs.yml: factories: [{package}]."
        if is_of_python(package):
            what = f"experiment.yml says that {':'.join(named)} builds the model, which is of Python and was not run"
            remedy = "Name a function of your own, as package.module:build, or say in a sentence what the model is."
        return Problem("factory-not-trusted", self._placed(checkpoint), what, remedy)

    def _result(
        self, network: Network, checkpoint: Checkpoint, shown: Shown | Rows | Sentences, last: Probed | None
    ) -> Kept | Problem:
        """Out of the cache, out of what was kept beside the model, or computed."""
        from dlviz_docs.probes import content_key, probe

        path = self._root / checkpoint.path
        kept = self._kept(path)
        if kept is not None and not path.exists():
            return self._stored(kept)
        job = self._job(checkpoint, shown, last)
        content = content_hash(str(path))
        key = content_key(job, content)
        made = self.cache.get(key, Kept)
        if made is not None and self._is_enough(made):
            return made
        if kept is not None and kept.key == key and self._is_enough(kept):
            return self._stored(kept)
        known = kept if kept is not None and kept.content == content else None
        if (problem := self._distrust(checkpoint)) is not None:
            return self._stored(known) if known else problem
        model = Running(self._placed(checkpoint), job.factory.name if job.factory else "")
        try:
            with running(self.cache, self.study, model):
                probed = probe(job)
            return self._stored(Kept(key, content, network, probed))
        except MissingExtra as error:
            if known:
                return self._stored(known)  # of the same model; samples or options were others
            what = "is not run, since PyTorch cannot be imported here"
            return Problem("model-not-run", self._placed(checkpoint), what, str(error))
        except ProbeError as error:
            usual = "Export it anew" if factory_of(self.about) is None else "Correct the function that builds it"
            mend = error.remedy.rstrip(".") or usual
            what = f"could not be run: {Homes().out_of(str(error))}"  # what a function of the user's raises names files
            remedy = f"{mend}, or leave the topic out: renderers: {{cam: false}}."
            return Problem("model-not-run", self._placed(checkpoint), what, remedy)

    def _is_enough(self, kept: Kept) -> bool:
        """Whether more time would show no more."""
        return not kept.probed.hurried or kept.probed.hurried >= self.seconds

    def _kept(self, path: Path) -> Kept | None:
        """What `dlviz probe` left beside the model; a file that cannot be read is told with the models."""
        beside = path.with_name(path.name + SUFFIX)
        try:
            return read_kept(beside) if beside.exists() else None
        except (ReadError, OSError):
            return None

    def _stored(self, kept: Kept) -> Kept:
        self.cache.put(kept.key, kept)
        return kept

    def _job(self, checkpoint: Checkpoint, shown: Shown | Rows | Sentences, last: Probed | None) -> Job:
        from dlviz_docs.probes import Job, Limits

        job = Job(
            self._inputs(checkpoint, shown, last),
            model=self._root / checkpoint.path,
            root=self._root,
            factory=self._factory(self.about.model_options),
            truth=shown.truth,
            classes=shown.classes,
            limits=Limits(seconds=self.seconds),
        )
        if isinstance(shown, Rows):
            return job
        if isinstance(shown, Sentences):
            return replace(job, sources=shown.keys)
        job = replace(job, sources=shown.keys, explain=shown.explain)
        if last is None:
            return job
        explained = tuple(one.sample for one in last.explanations)
        return replace(job, explain=explained, methods=(last.method,), layers=(last.layer,), judged=1)

    def _inputs(
        self, checkpoint: Checkpoint, shown: Shown | Rows | Sentences, last: Probed | None
    ) -> PictureInput | TableInput | TextInput:
        from dlviz_docs.probes import PictureInput, TableInput, TextInput

        if isinstance(shown, Rows):
            return TableInput(shown.values, shown.names)
        if isinstance(shown, Sentences):
            return TextInput(shown.ids, shown.words, shown.pad, shown.places, shown.special, shown.hidden, shown.notes)
        prepared = last.prepared if last else prepared_of(self.folder, self.about, checkpoint)
        return PictureInput(shown.pixels, shown.boxes, prepared)

    def _factory(self, arguments: Mapping[str, str | int | float | bool]) -> Factory | None:
        from dlviz_docs.probes import Factory

        named = factory_of(self.about)
        if named is None:
            return None
        trusted = _trusted(named[0], self.factories)
        return Factory(":".join(named), arguments, source_hash(named[0]) if trusted else "")

    def _placed(self, checkpoint: Checkpoint) -> str:
        """The checkpoint's path relative to the scanned folder, as problems tell it."""
        return f"{self.folder.relative}/{checkpoint.path}".removeprefix("./")


def _trusted(module: str, factories: Sequence[str]) -> bool:
    """By the site's own configuration; never what is of Python, whatever stands there."""
    within = any(module == package or module.startswith(f"{package}.") for package in factories)
    return within and not is_of_python(module)
