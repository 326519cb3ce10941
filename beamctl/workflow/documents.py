"""Finds, reads and validates the document files that a user names."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beamctl.document.desired import Desired
from beamctl.document.document import Document
from beamctl.document.load import YAML_SUFFIXES, SourceText, load, with_lines
from beamctl.document.problem import Problem, ProblemCode, bounded
from beamctl.document.syntax import LARGEST
from beamctl.errors import DocumentError, UsageError
from beamctl.kinds.registry import kinds_for
from beamctl.model.shard import Shard
from beamctl.model.text import printable
from beamctl.plan.kind import Kind
from beamctl.system.files import no_name, read_beginning, read_standard_input, unreadable

LARGEST_TOGETHER = 4 * LARGEST
"""Maximum size of all files of one run, in bytes."""

DEFAULTS = ("beamctl.yaml", "access")
SUFFIXES = YAML_SUFFIXES | {".json"}
_SHOWN = 5
_WHAT_IS_READ = "beamctl reads files ending in .yaml, .yml or .json, and does not follow links out of the directory."


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of validating documents.

    Attributes:
        desired: The documents without problems.
        problems: All problems, sorted by place.
        warnings: Valid but probably unintended, in the documents without problems.
    """

    desired: tuple[Desired, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def read_sources(named: Sequence[str]) -> list[SourceText]:
    """Read the named files, or else `beamctl.yaml`, or else the directory `access/`.

    Raises:
        UsageError: There is nothing to read, or a file cannot be read.
    """
    names = list(named) or defaults()
    if not names:
        hint = "Name a document with -f FILE, or create beamctl.yaml. `beamctl demo` shows an example."
        raise UsageError("there is no beamctl.yaml and no directory access/ here", hint)
    if names.count("-") > 1:
        raise UsageError("standard input is named twice", "Use -f - only once.")
    sources: dict[str, SourceText] = {}
    left = LARGEST_TOGETHER
    for source in (source for name in names for source in _read(name)):
        left -= 0 if source.name in sources else len(source.content)
        if left < 0:
            together = f"the files together are larger than {LARGEST_TOGETHER // 1024 // 1024} MiB"
            raise UsageError(together, "Run it for some of them at a time.")
        sources[source.name] = source
    return list(sources.values())


def validate(sources: Sequence[SourceText]) -> Checked:
    """Check documents, without a credential or the network."""
    loaded = load(sources)
    found = bounded(
        problem for document in loaded.documents for kind in _kinds(document) for problem in kind.problems(document)
    )
    explained = {problem.place for problem in found}
    invalid = (
        each for each in loaded.problems if each.code is not ProblemCode.WRONG_TYPE or each.place not in explained
    )
    warnings = bounded(warning for desired in loaded.desired for warning in desired.warnings)
    problems = with_lines([*invalid, *found], sources)
    return Checked(loaded.desired, tuple(problems), tuple(with_lines(warnings, sources)))


def _kinds(document: Document) -> Sequence[Kind[Any]]:
    return kinds_for(document.data) if isinstance(document.data, dict) else ()


def read_desired(named: Sequence[str], workspaces: Sequence[str] = ()) -> tuple[Desired, ...]:
    """The desired state of the picked workspaces, or of all if none is picked.

    Raises:
        DocumentError: A document has problems.
        UsageError: A picked workspace has no document, or there are no documents.
    """
    return desired_in(read_sources(named), workspaces)


def desired_in(sources: Sequence[SourceText], workspaces: Sequence[str] = ()) -> tuple[Desired, ...]:
    """The same for files that were read."""
    checked = validate(sources)
    if checked.problems:
        raise DocumentError(checked.problems)
    known = {desired.workspace for desired in checked.desired}
    if missing := [name for name in workspaces if name not in known]:
        raise UsageError(f"no document declares the workspace {missing[0]!r}", f"Declared: {', '.join(sorted(known))}.")
    return tuple(desired for desired in checked.desired if not workspaces or desired.workspace in workspaces)


def unread_note(named: Sequence[str]) -> str:
    """A note about files in the named directories that are not read; empty if all are read."""
    folders = [Path(name) for name in list(named) or defaults() if name != "-" and Path(name).is_dir()]
    others = [str(path) for folder in folders for path in _within(folder).others]
    if not others:
        return ""
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    names = ", ".join(map(printable, others[:_SHOWN]))
    return f"Note: files not read: {names}{more}. {_WHAT_IS_READ}"


def defaults() -> list[str]:
    """What is read if nothing is named. A broken link counts as present and fails when it is read."""
    return [name for name in DEFAULTS if os.path.lexists(name)][:1]


def named_files(named: Sequence[str]) -> list[str]:
    """The files that `read_sources` reads, except standard input.

    Raises:
        UsageError: There is no such file or directory.
    """
    return list(map(str, document_files(named)))


def document_files(named: Sequence[str]) -> Iterator[Path]:
    """The same one after the other, so that a caller can stop early.

    Raises:
        UsageError: There is no such file or directory.
    """
    return (path for name in named or defaults() if name != "-" for path in _files_of(name))


def command_for(
    command: str, files: Sequence[str], workspaces: Sequence[str], base: str = "", shard: Shard | None = None
) -> str:
    """A command for the files, the workspaces, the base and the shard of this run, as typed in a shell."""
    named = [f"-f {quoted(file)}" for file in files]
    picked = [f"-w {name}" for name in workspaces if len(workspaces) == 1]  # for several, each plan names its own
    compared = [f"--base {quoted(base)}"] if base else []
    part = [f"--shard {shard}"] if shard else []
    return " ".join([command, *named, *picked, *compared, *part])


def quoted(file: str) -> str:
    """A file name, quoted for a shell."""
    return shlex.quote(printable(file))


def _read(name: str) -> Iterator[SourceText]:
    if name == "-":
        yield SourceText("-", read_standard_input(LARGEST + 1))
        return
    for each in _files_of(name):
        yield SourceText(str(each), read_beginning(each, LARGEST + 1))


def _files_of(name: str) -> list[Path]:
    path = Path(name)
    try:
        files = _within(path).documents if path.is_dir() else (path,)
    except OSError as error:
        raise unreadable(name, error) from None
    except ValueError:
        raise no_name(name) from None
    if not files:
        raise UsageError(f"there is no .yaml, .yml or .json file in {name}", "Name a file or another directory.")
    return list(files)


@dataclass(frozen=True, slots=True)
class _Listing:
    """The files below a directory.

    Attributes:
        documents: The files that are read, sorted.
        others: Files that are not read, and links to folders elsewhere.
    """

    documents: tuple[Path, ...]
    others: tuple[Path, ...]


def _within(directory: Path) -> _Listing:
    """List a directory recursively, each folder once.

    Hidden files and folders, such as those of git and editors, are skipped. Links are followed only if they stay inside
    the directory: no document may be read from elsewhere.

    Raises:
        OSError: A folder cannot be listed. It may hold a document, so it cannot be skipped.
        UsageError: A document is a link to a file elsewhere.
    """
    root = directory.resolve()
    documents: list[Path] = []
    others: list[Path] = []
    seen: set[Path] = set()
    waiting = [directory]
    while waiting:
        folder = waiting.pop()
        if not _is_new(folder, seen):
            continue
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            inside = not path.is_symlink() or _leads_into(root, path)
            if inside and path.is_dir():
                waiting.insert(
                    0 if path.is_symlink() else len(waiting), path
                )  # links last: folders keep their own name
            elif path.suffix.lower() not in SUFFIXES:
                others.append(path)
            elif inside:
                documents.append(path)
            else:
                hint = f"Name it with -f {path}, or copy it."
                raise UsageError(f"{path} is a link that leads out of {directory}", hint)
    return _Listing(tuple(sorted(documents)), tuple(sorted(others)))


def _leads_into(root: Path, link: Path) -> bool:
    """Whether a link stays inside `root`. A broken link does; reading it fails later."""
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return True


def _is_new(folder: Path, seen: set[Path]) -> bool:
    real = folder.resolve()
    new = real not in seen
    seen.add(real)
    return new
