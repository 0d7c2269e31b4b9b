"""Read and draw what an experiment holds beside its runs: jobs of a worker, each done once for the same files.

What goes on from here are finished sections, figures as data, and the pictures they show as files of the cache.
"""

from __future__ import annotations

from dlviz_docs.study.episodes import planned_episodes
from dlviz_docs.study.jobs import SUBJECTS, StudyJob, Subject, signed, study, title_of
from dlviz_docs.study.models import passed_by
from dlviz_docs.study.packed import WEBP, Study, sections_of
from dlviz_docs.study.running import Running, note_of
from dlviz_docs.study.samples import planned

__all__ = [
    "SUBJECTS",
    "WEBP",
    "Running",
    "Study",
    "StudyJob",
    "Subject",
    "note_of",
    "passed_by",
    "planned",
    "planned_episodes",
    "sections_of",
    "signed",
    "study",
    "title_of",
]
