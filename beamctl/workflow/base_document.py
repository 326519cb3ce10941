"""Reads the document of a workspace as it was at an earlier commit, with git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from beamctl.document.document import Desired
from beamctl.document.load import SourceText
from beamctl.document.syntax import LARGEST
from beamctl.errors import DocumentError, UsageError
from beamctl.model.text import printable
from beamctl.system.git import Repository, repository_of
from beamctl.workflow.documents import validate

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
    source, workspace = desired.document.source, desired.workspace
    if source == "-":
        raise UsageError("standard input has no history", "Name the file of the document with -f FILE.")
    repository, path = _repository(source)
    commit = _commit(repository, revision)
    at = f"{printable(revision)} ({commit[:_SHORT]})" if revision != commit else commit[:_SHORT]
    declared: list[str] = []
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
        declared += [each.workspace for each in checked.desired]
    shown = printable(source)
    if not declared:
        hint = "Name a commit that has it. If the document was moved, name its directory with -f."
        raise UsageError(f"{shown} does not exist at {at}", hint)
    others = ", ".join(declared)
    raise UsageError(f"at {at}, {shown} does not declare {workspace}, but {others}", "Name a commit at which it does.")


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
