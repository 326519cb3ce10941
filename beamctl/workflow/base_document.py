"""Reads the document of a workspace as it was at an earlier commit, with git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path

from beamctl.document.desired import Desired
from beamctl.document.load import SourceText
from beamctl.document.syntax import LARGEST
from beamctl.errors import DocumentError, UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.text import printable
from beamctl.plan.base_guards import BaseDocument
from beamctl.plan.hazard import STANDARD_INPUT
from beamctl.system.git import Repository, repository_of
from beamctl.workflow.documents import DEFAULTS, SUFFIXES, Checked, named_files, validate

_SHORT = 12
"""Digits of a commit in messages."""


@dataclass(frozen=True, slots=True)
class Base:
    """The document of one workspace at an earlier commit.

    Attributes:
        revision: The commit as the user named it, or its ID.
        commit: The ID of the commit.
        desired: The desired state at that commit.
        run: The run that applied it; empty if the user named the commit.
    """

    revision: str
    commit: str
    desired: Desired
    run: str = ""

    @property
    def label(self) -> str:
        """The file and the commit."""
        return self.desired.document.source


@dataclass(frozen=True, slots=True)
class MissingBase:
    """That a commit does not declare a workspace, as far as this run reads files.

    Attributes:
        source: The file that declares it now.
        at: The commit, for messages.
        others: What the same file declares at the commit; empty if it does not exist there.
    """

    source: str
    at: str
    others: tuple[str, ...]

    def error(self, workspace: str) -> UsageError:
        """The same as an error."""
        shown = printable(self.source)
        if not self.others:
            hint = "Name a commit that has it. If the document was moved, name its directory with -f."
            return UsageError(f"{shown} does not exist at {self.at}", hint)
        message = f"at {self.at}, {shown} does not declare {workspace}, but {', '.join(self.others)}"
        return UsageError(message, "Name a commit at which it does.")


def guard_bases(
    documents: Sequence[Desired], revision: str, named: Sequence[str], *, is_whole: bool
) -> Mapping[str, BaseDocument]:
    """The documents at a commit whose guards must not be loosened, by workspace.

    Args:
        documents: The documents now.
        revision: The commit, as the user named it.
        named: The files and directories that the user named; empty for the defaults.
        is_whole: Whether these are all documents of the files. If so, workspaces that are no longer declared are found.

    Raises:
        UsageError: A file declared other workspaces there, or cannot be read.
        DocumentError: One is not valid there.
    """
    found: dict[str, BaseDocument] = {}
    bases, moved = Bases(named), Bases(named, DEFAULTS)  # a document may have been moved from a default place
    try:
        for each in documents:
            base = bases.find(each, revision)
            if isinstance(base, MissingBase):
                base = moved.find(each, revision)
            if isinstance(base, MissingBase) and base.others:
                raise base.error(each.workspace)
            desired, label = (None, base.at) if isinstance(base, MissingBase) else (base.desired, base.label)
            dropped = bases.dropped(documents, revision) if is_whole and not found else ()
            found[each.workspace] = BaseDocument(desired, label, all_kinds(), dropped)
    except UsageError as error:
        raise UsageError(f"--base: {error.message}", error.hint) from None
    return found


def named_bases(documents: Sequence[Desired], revision: str, named: Sequence[str]) -> Mapping[str, Base]:
    """The documents at a commit that the user named, by workspace.

    Args:
        documents: The documents now.
        revision: The commit, as the user named it.
        named: The files and directories of this run.

    Raises:
        UsageError: One does not exist there.
        DocumentError: One is not valid there.
    """
    bases = Bases(named)
    try:
        return {each.workspace: bases.read(each, revision) for each in documents}
    except UsageError as error:
        raise UsageError(f"--base: {error.message}", error.hint) from None


class Bases:
    """The documents of a run as they were at earlier commits. Each commit is read once, because documents may refer to
    groups in any file of the run."""

    def __init__(self, named: Sequence[str], more: Sequence[str] = ()) -> None:
        """Of a run for these files and directories, empty for the defaults; and of more places at the commits."""
        self._named, self._more = named, more
        self._checked: dict[tuple[Path, str], Checked] = {}

    def read(self, desired: Desired, revision: str, run: str = "") -> Base:
        """The document of a workspace at a commit: in the same file, or the file it was renamed from, or another file
        of the run.

        Args:
            desired: The document now.
            revision: The commit, as the user named it.
            run: The run that applied it; empty if the user named the commit.

        Raises:
            UsageError: There is no such commit, it has no such file, or the file declares another workspace.
            DocumentError: The document at that commit is not valid.
        """
        found = self.find(desired, revision, run)
        if isinstance(found, MissingBase):
            raise found.error(desired.workspace)
        return found

    def find(self, desired: Desired, revision: str, run: str = "") -> Base | MissingBase:
        """The same, or that it is missing."""
        source = desired.document.source
        if source == STANDARD_INPUT:
            raise UsageError("standard input has no history", "Name the file of the document with -f FILE.")
        repository, _ = _repository(source)
        commit = _commit(repository, revision)
        at = f"{printable(revision)} ({commit[:_SHORT]})" if revision != commit else commit[:_SHORT]
        key = repository.folder, commit
        if key not in self._checked:
            self._checked[key] = self._read(repository, commit, at, desired.sources)
        checked = self._checked[key]
        found = next((each for each in checked.desired if each.workspace == desired.workspace), None)
        own = f"{commit[:_SHORT]}:{source}"
        concerned = found.sources if found else (own,)
        if problems := tuple(each for each in checked.problems if each.place.source in concerned):
            raise DocumentError(problems)
        if found:
            return Base(revision, commit, found, run)
        others = tuple(each.workspace for each in checked.desired if own in each.document.sources)
        return MissingBase(source, at, others)

    def dropped(self, documents: Sequence[Desired], revision: str) -> tuple[str, ...]:
        """The workspaces that the same run would have covered at a commit, and that no document declares now."""
        repository, _ = _repository(documents[0].document.source)
        checked = self._checked[repository.folder, _commit(repository, revision)]
        now = {each.workspace for each in documents}
        return tuple(sorted({each.workspace for each in checked.desired} - now))

    def _read(self, repository: Repository, commit: str, at: str, first: Sequence[str]) -> Checked:
        """Everything that the run would have read at a commit, each file once. Of a file that was renamed since, the
        name is that of today."""
        contents: dict[Path, SourceText] = {}
        names = dict.fromkeys((*first, *named_files(self._named)))
        for name in (each for each in names if each != STANDARD_INPUT):
            path = _repository(name)[1]
            found = _content(repository, commit, path, at) if path.is_relative_to(repository.folder) else None
            if found:
                contents.setdefault(found[0], SourceText(f"{commit[:_SHORT]}:{name}", found[1]))
        for name in self._files_at(repository, commit):
            path = Path(name).parent.resolve() / Path(name).name
            if path not in contents and (content := repository.committed(path, LARGEST + 1, commit)) is not None:
                contents[path] = SourceText(f"{commit[:_SHORT]}:{name}", content)
        return validate(list(contents.values()))

    def _files_at(self, repository: Repository, commit: str) -> list[str]:
        """The files at a commit that a run for these files and directories would have read."""

        def at(places: Sequence[str]) -> list[str]:
            paths = [Path(name).resolve() for name in places if name != STANDARD_INPUT]
            inside = [path for path in paths if path.is_relative_to(repository.folder)]
            below = (file for path in inside for file in repository.files_at(commit, path))
            return [relpath(file) for file in below if file.suffix in SUFFIXES]

        named = at(self._named) if self._named else next(filter(None, (at([name]) for name in DEFAULTS)), [])
        return [*named, *at(self._more)]


def _repository(source: str) -> tuple[Repository, Path]:
    """The repository of a file, and the file's path without symbolic links in its folder."""
    path = Path(source)
    folder = path.parent.resolve()
    repository = repository_of(folder)
    if repository is None:
        raise UsageError(f"{printable(source)} is not in a git repository", "Run it in a checkout.")
    return repository, folder / path.name


def _commit(repository: Repository, revision: str) -> str:
    try:
        commit = repository.resolve(revision)
    except UsageError as error:
        raise UsageError(f"{error.message}", "Check that git works in this directory.") from None
    if commit:
        return commit
    if repository.is_shallow():
        raise UsageError(
            f"{printable(revision)!r} is not in this shallow clone",
            "Fetch the whole history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab, or "
            "`git fetch --unshallow`.",
        )
    raise UsageError(
        f"there is no commit {printable(revision)!r} in {repository.folder}",
        "Name a commit, a tag, or a branch such as origin/main. A branch may have to be fetched first.",
    )


def _content(repository: Repository, commit: str, path: Path, at: str) -> tuple[Path, bytes] | None:
    """The file at a commit with the name that it had; None if it did not exist, also not under the name it was renamed
    from."""
    content = repository.committed(path, LARGEST + 1, commit)
    if content is None and not repository.contains(commit, path):
        before = repository.name_at(commit, path)
        if before is None:
            return None
        path, content = before, repository.committed(before, LARGEST + 1, commit)
    if content is None:
        shown = printable(path.relative_to(repository.folder).as_posix())
        hint = "In a partial clone, fetch the file first. A link must stay inside the repository."
        raise UsageError(f"git cannot read {shown} at {at}", hint)
    return path, content
