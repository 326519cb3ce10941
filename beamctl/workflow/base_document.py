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
from beamctl.workflow.documents import DEFAULTS, SUFFIXES, named_files, validate

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
    files = named_files(named)
    try:
        for each in documents:
            base = find_base(each, revision, files)
            if isinstance(base, MissingBase):
                places = (*named, *DEFAULTS)  # it may have been moved from a default one
                base = find_base(each, revision, _Files(each.document.source, revision).at(places))
            if isinstance(base, MissingBase) and base.others:
                raise base.error(each.workspace)
            desired, label = (None, base.at) if isinstance(base, MissingBase) else (base.desired, base.label)
            dropped = _dropped(documents, revision, named) if is_whole and not found else ()
            found[each.workspace] = BaseDocument(desired, label, all_kinds(), dropped)
    except UsageError as error:
        raise UsageError(f"--base: {error.message}", error.hint) from None
    return found


def _dropped(documents: Sequence[Desired], revision: str, named: Sequence[str]) -> tuple[str, ...]:
    """The workspaces that the same run would have covered at a commit, and that no document declares now."""
    files = _Files(documents[0].document.source, revision)
    names = files.at(named) if named else next(filter(None, (files.at([name]) for name in DEFAULTS)), [])
    paths = {name: Path(name).parent.resolve() / Path(name).name for name in names}
    contents = {name: files.repository.committed(path, LARGEST + 1, files.commit) for name, path in paths.items()}
    checked = validate([SourceText(name, content) for name, content in contents.items() if content is not None])
    now = {each.workspace for each in documents}
    return tuple(sorted({each.workspace for each in checked.desired} - now))


class _Files:
    """The files of the repository of a document, at a commit."""

    def __init__(self, source: str, revision: str) -> None:
        self.repository, _ = _repository(source)
        self.commit = _commit(self.repository, revision)

    def at(self, places: Sequence[str]) -> list[str]:
        """Those that a run for these files and directories would have read."""
        paths = [Path(name).resolve() for name in places if name != STANDARD_INPUT]
        inside = [path for path in paths if path.is_relative_to(self.repository.folder)]
        below = (file for path in inside for file in self.repository.files_at(self.commit, path))
        return [relpath(file) for file in below if file.suffix in SUFFIXES]


def named_bases(documents: Sequence[Desired], revision: str, files: Sequence[str]) -> Mapping[str, Base]:
    """The documents at a commit that the user named, by workspace.

    Args:
        documents: The documents now.
        revision: The commit, as the user named it.
        files: The files of this run.

    Raises:
        UsageError: One does not exist there.
        DocumentError: One is not valid there.
    """
    try:
        return {each.workspace: read_base(each, revision, files) for each in documents}
    except UsageError as error:
        raise UsageError(f"--base: {error.message}", error.hint) from None


def read_base(desired: Desired, revision: str, files: Sequence[str], run: str = "") -> Base:
    """Read the document of a workspace at a commit: in the same file, or the file it was renamed from, or another
    file of this run.

    Args:
        desired: The document now.
        revision: The commit, as the user named it.
        files: The files of this run.
        run: The run that applied it; empty if the user named the commit.

    Raises:
        UsageError: There is no such commit, it has no such file, or the file declares another workspace.
        DocumentError: The document at that commit is not valid.
    """
    found = find_base(desired, revision, files, run)
    if isinstance(found, MissingBase):
        raise found.error(desired.workspace)
    return found


def find_base(desired: Desired, revision: str, files: Sequence[str], run: str = "") -> Base | MissingBase:
    """The same, or that it is missing."""
    source, workspace = desired.document.source, desired.workspace
    if source == STANDARD_INPUT:
        raise UsageError("standard input has no history", "Name the file of the document with -f FILE.")
    repository, path = _repository(source)
    commit = _commit(repository, revision)
    at = f"{printable(revision)} ({commit[:_SHORT]})" if revision != commit else commit[:_SHORT]
    others: tuple[str, ...] = ()
    for name in dict.fromkeys((source, *files)):
        other = path if name == source else _repository(name)[1]
        content = _content(repository, commit, other, at) if other.is_relative_to(repository.folder) else None
        if content is None:
            continue
        checked = validate([SourceText(f"{commit[:_SHORT]}:{name}", content)])
        found = next((each for each in checked.desired if each.workspace == workspace), None)
        if checked.problems and (found or name == source):
            raise DocumentError(checked.problems)
        if found:
            return Base(revision, commit, found, run)
        if name == source:
            others = tuple(each.workspace for each in checked.desired)
    return MissingBase(source, at, others)


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


def _content(repository: Repository, commit: str, path: Path, at: str) -> bytes | None:
    """The file at a commit; None if it did not exist, also not under the name it was renamed from."""
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
    return content
