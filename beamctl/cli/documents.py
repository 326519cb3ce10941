"""Finds and reads the files a user names. It must not know what is in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from beamctl.cli.files import no_name, read_beginning, unreadable
from beamctl.document.document import Desired
from beamctl.document.load import SourceText
from beamctl.document.text_encoding import LARGEST
from beamctl.errors import DocumentError, UsageError
from beamctl.model.text import printable
from beamctl.workflow.questions import validate

LARGEST_TOGETHER = 4 * LARGEST
"""Bytes of all files of one run."""

YAML = frozenset({".yaml", ".yml"})
"""How a document in YAML ends; beamctl writes no other file that ends so."""

_DEFAULTS = ("beamctl.yaml", "access")
_SUFFIXES = YAML | {".json"}
_SHOWN = 5
_WHAT_IS_READ = "beamctl reads files ending in .yaml, .yml or .json, and follows no link out of the directory."


def read_sources(named: Sequence[str]) -> list[SourceText]:
    """Read what the user named, or else `beamctl.yaml`, or else the directory `access/`.

    Raises:
        UsageError: There is nothing to read, or it cannot be read.
    """
    names = list(named) or defaults()
    if not names:
        hint = "Name one with -f FILE, or write beamctl.yaml. `beamctl demo` shows one."
        raise UsageError("there is no beamctl.yaml and no directory access/ here", hint)
    if names.count("-") > 1:
        raise UsageError("standard input is named twice", "Write -f - once.")
    sources: dict[str, SourceText] = {}
    left = LARGEST_TOGETHER
    for source in (source for name in names for source in _read(name)):
        left -= 0 if source.name in sources else len(source.content)
        if left < 0:
            together = f"the files together are larger than {LARGEST_TOGETHER // 1024 // 1024} MiB"
            raise UsageError(together, "Run it for some of them at a time.")
        sources[source.name] = source
    return list(sources.values())


def read_desired(named: Sequence[str], workspaces: Sequence[str] = ()) -> tuple[Desired, ...]:
    """What the documents say, for the workspaces that were picked; all of them where none was.

    Raises:
        DocumentError: Anything is wrong with any of them.
        UsageError: A picked workspace has no document, or there is none at all.
    """
    checked = validate(read_sources(named))
    if checked.problems:
        raise DocumentError(checked.problems)
    known = {desired.workspace for desired in checked.desired}
    if missing := [name for name in workspaces if name not in known]:
        raise UsageError(
            f"no document is about the workspace {missing[0]!r}", f"There are: {', '.join(sorted(known))}."
        )
    return tuple(desired for desired in checked.desired if not workspaces or desired.workspace in workspaces)


def unread(named: Sequence[str]) -> str:
    """A note on what is in the directories that the user named and is not read; empty if everything is."""
    folders = [Path(name) for name in list(named) or defaults() if name != "-" and Path(name).is_dir()]
    others = [str(path) for folder in folders for path in _within(folder).others]
    if not others:
        return ""
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    names = ", ".join(map(printable, others[:_SHOWN]))
    return f"Note: not read: {names}{more}. {_WHAT_IS_READ}"


def defaults() -> list[str]:
    """What is read where nothing is named; a link that leads nowhere is there, and an error when it is read."""
    return [name for name in _DEFAULTS if os.path.lexists(name)][:1]


def named_files(named: Sequence[str]) -> list[str]:
    """The files that `read_sources` reads, without standard input.

    Raises:
        UsageError: There is no such file or directory.
    """
    return [str(path) for name in named or defaults() if name != "-" for path in _files_of(name)]


def _read(name: str) -> Iterator[SourceText]:
    if name == "-":
        yield SourceText("-", _standard_input())
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
        raise UsageError(f"there is no .yaml, .yml or .json file in {name}", "Name a file, or another directory.")
    return list(files)


def _standard_input() -> bytes:
    try:
        return sys.stdin.buffer.read(LARGEST + 1)
    except OSError as error:  # a directory
        raise unreadable("standard input", error) from None


@dataclass(frozen=True, slots=True)
class _Listing:
    """What is below a directory.

    Attributes:
        documents: The files that are read, sorted.
        others: What is not read: other files, and links to folders elsewhere.
    """

    documents: tuple[Path, ...]
    others: tuple[Path, ...]


def _within(directory: Path) -> _Listing:
    """List a directory and everything below it, each folder once. Hidden files and folders are passed over, as git's
    and editors' are. Links are followed if they stay inside the directory: a document must not be read from elsewhere.

    Raises:
        OSError: A folder cannot be listed. It may hold a document, so going on without it would be a guess.
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
                waiting.insert(0 if path.is_symlink() else len(waiting), path)  # links last: a folder has its own name
            elif path.suffix.lower() not in _SUFFIXES:
                others.append(path)
            elif inside:
                documents.append(path)
            else:
                hint = f"Name it with -f {path}, or copy it."
                raise UsageError(f"{path} is a link that leads out of {directory}", hint)
    return _Listing(tuple(sorted(documents)), tuple(sorted(others)))


def _leads_into(root: Path, link: Path) -> bool:
    """Whether a link stays inside; one that leads nowhere does: it is an error when it is read."""
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return True


def _is_new(folder: Path, seen: set[Path]) -> bool:
    real = folder.resolve()
    new = real not in seen
    seen.add(real)
    return new
