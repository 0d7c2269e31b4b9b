"""What may stand under `dlviz:` in mkdocs.yml: the engine's own options, with paths made absolute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from mkdocs.config.base import Config, ConfigErrors, ConfigWarnings, ValidationError

from dlviz_docs.errors import OptionError
from dlviz_docs.options import Options, parse

__all__ = ["DlvizConfig"]


class DlvizConfig(Config):
    """The plugin and the command have one parser, so an unknown key stops both; MkDocs alone would only warn."""

    options: Options
    """Set by `validate`; `experiments_dir` and `cache_dir` are absolute, `path` has no slash at either end."""

    def validate(self) -> tuple[ConfigErrors, ConfigWarnings]:
        """Runs when mkdocs.yml is loaded; one error at most."""
        try:
            self.options = self._located(parse(dict(self)))
        except OptionError as error:
            return [("dlviz", ValidationError(str(error)))], []
        return [], []

    def _located(self, options: Options) -> Options:
        base = Path(self.config_file_path).parent if self.config_file_path else Path.cwd()
        mount = options.path.strip("/")
        if any(part in (".", "..") for part in mount.split("/")):
            raise OptionError(
                f"path: {options.path!r} has to lie inside the site, as in 'experiments' or 'research/runs'."
            )
        return replace(
            options,
            experiments_dir=str((base / options.experiments_dir).resolve()),
            cache_dir=str((base / Path(options.cache_dir).expanduser()).resolve()),
            path=str(PurePosixPath(mount)) if mount else "",
        )
