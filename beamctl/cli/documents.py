"""Finds and reads the files a user names. It must not know what is in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from beamctl.cli.files import no_name, read_beginning, unreadable
from beamctl.document.decode import LARGEST
from beamctl.document.document import Desired
from beamctl.document.load import SourceText
from beamctl.errors import DocumentError, UsageError
from beamctl.usecases.questions import validate

LARGEST_TOGETHER = 4 * LARGEST
"""Bytes of all files of one run."""

_DEFAULTS = ("beamctl.yaml", "access")
_SUFFIXES = frozenset({".yaml", ".yml"})


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
        files = sorted(_within(path)) if path.is_dir() else [path]
    except OSError as error:
        raise unreadable(name, error) from None
    except ValueError:
        raise no_name(name) from None
    if not files:
        raise UsageError(f"there is no .yaml or .yml file in {name}", "Name a file, or another directory.")
    return files


def _standard_input() -> bytes:
    try:
        return sys.stdin.buffer.read(LARGEST + 1)
    except OSError as error:  # a directory
        raise unreadable("standard input", error) from None


def _within(directory: Path) -> Iterator[Path]:
    """The documents below a directory. What is hidden, as in .git or by an editor, is none of them."""
    for root, directories, names in os.walk(directory, onerror=_refuse):
        directories[:] = [name for name in directories if not name.startswith(".")]
        paths = (Path(root, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if path.suffix in _SUFFIXES)


def _refuse(error: OSError) -> NoReturn:
    """A directory that cannot be looked into may hold a document: going on without it would be a guess."""
    raise error
