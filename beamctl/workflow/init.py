"""Writes the first files of a repository: documents, ignored files, and CI files. Overwrites nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from beamctl.document.schema import load_schema
from beamctl.errors import UsageError
from beamctl.model.text import printable
from beamctl.system.files import is_within, read_file
from beamctl.workflow.documents import defaults

DOCUMENT = Path("beamctl.yaml")
FOLDER = Path("access")
_IGNORE = Path(".gitignore")
_IGNORED = (".beamctl/", "secrets/")
_WHY_IGNORED = "# beamctl: run records, and files with secrets"
_LARGEST = 1024 * 1024
_CI_SUFFIXES = (".yml", ".yaml")

_PACKAGE = Path(__file__).resolve().parent.parent
_TEMPLATES = (_PACKAGE / "ci", _PACKAGE.parent / "examples" / "ci")
"""The CI files in an installed package, and in a checkout."""


class CiPlatform(StrEnum):
    """A CI platform."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to create.

    Attributes:
        path: Relative to the current directory.
        content: The bytes.
    """

    path: Path
    content: bytes


def document_paths(workspaces: Sequence[str]) -> Mapping[str, Path]:
    """Where the document of each workspace is written.

    Raises:
        UsageError: A document cannot declare a workspace of this name.
    """
    declarable = load_schema("workspace")["properties"]["workspace"]
    for name in workspaces:
        if not re.fullmatch(declarable["pattern"], name):
            raise UsageError(f"{printable(name)!r} is not the name of a workspace", declarable["patternErrorMessage"])
    if len(workspaces) == 1:
        return {workspaces[0]: DOCUMENT}
    return {name: FOLDER / f"{name}.yaml" for name in workspaces}


def ci_files(platform: CiPlatform) -> list[NewFile]:
    """The CI files of a platform, as in `examples/ci`.

    Raises:
        UsageError: The installation is incomplete.
    """
    return [
        NewFile(_target(platform, path.relative_to(folder)), path.read_bytes())
        for folder in _templates(platform)
        for path in sorted(folder.rglob("*"))
        if path.suffix in _CI_SUFFIXES
    ]


def _templates(platform: CiPlatform) -> list[Path]:
    if platform is CiPlatform.NONE:
        return []
    for folder in _TEMPLATES:
        if (folder / platform.value).is_dir():
            return [folder / platform.value]
    raise UsageError(f"this installation of beamctl has no CI files for {platform.value}", "Install it again.")


def _target(platform: CiPlatform, template: Path) -> Path:
    """Where the platform reads a file. One that already has such a place in the examples keeps it."""
    if template.parts[0].startswith("."):
        return template
    match platform:
        case CiPlatform.GITHUB:
            return Path(".github/workflows") / template
        case CiPlatform.GITLAB:
            return Path(".gitlab-ci.yml") if template.stem == "gitlab-ci" else Path(".gitlab") / template
        case CiPlatform.NONE:
            return template
        case _:
            assert_never(platform)


def refuse_existing(paths: Sequence[Path]) -> None:
    """Refuse to start if a file is in the way.

    Raises:
        UsageError: Files exist, or cannot be created here.
    """
    existing = [*dict.fromkeys([*defaults(), *(str(each) for path in paths if (each := _in_the_way(path)))])]
    if existing:
        verb = "exists" if len(existing) == 1 else "exist"
        hint = "Move it away" if len(existing) == 1 else "Move them away"
        hint += ", or run it in another directory. To print a document only:  beamctl export"
        raise UsageError(f"{', '.join(map(printable, existing))} already {verb}, so nothing was written", hint)
    if outside := next((path for path in paths if not is_within(path, Path.cwd())), None):
        raise UsageError(f"{outside} is not inside the current directory: a folder is a link", "Remove the link.")
    if os.path.lexists(_IGNORE) and (_IGNORE.is_symlink() or not _IGNORE.is_file()):
        raise UsageError(f"{_IGNORE} is not a regular file, so nothing was written", "Replace it with a file.")


def _in_the_way(path: Path) -> Path | None:
    """The file itself, or what is in the place of one of its folders."""
    if os.path.lexists(path):
        return path
    return next((folder for folder in path.parents if os.path.lexists(folder) and not folder.is_dir()), None)


def write_all(files: Sequence[NewFile]) -> list[Path]:
    """Create the files, and add to `.gitignore` what it lacks. Returns what was written: all of it or nothing.

    Raises:
        UsageError: A file cannot be written.
    """
    created: list[Path] = []
    path = _IGNORE
    try:
        for new in files:
            path = new.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as stream:
                created.append(path)
                stream.write(new.content)
        path = _IGNORE
        return [*created, path] if _ignore() else created
    except (OSError, UsageError) as error:
        for each in created:
            with suppress(OSError):
                each.unlink()
        why = error.message if isinstance(error, UsageError) else error.strerror or str(error)
        raise UsageError(f"cannot write {path}, so nothing was written: {why}", "Check the permissions.") from None


def _ignore() -> bool:
    """Add the lines that `.gitignore` lacks. Returns whether there were any."""
    before = read_file(_IGNORE, _LARGEST) if _IGNORE.exists() else b""
    present = {line.strip().strip(b"/") for line in before.splitlines()}
    missing = [line for line in _IGNORED if line.strip("/").encode() not in present]
    if not missing:
        return False
    end = b"\r\n" if b"\r\n" in before else b"\n"
    start = b"" if not before else end if before.endswith(b"\n") else 2 * end
    text = start + b"".join(line.encode() + end for line in (_WHY_IGNORED, *missing))
    with _IGNORE.open("ab") as stream:
        stream.write(text)
    return True
