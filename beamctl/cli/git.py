"""Runs every git command. The repository is found here and named to git, so that no file of a checkout decides which
configuration git reads; and what is run is chosen so that no configuration can start another program."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from beamctl.cli.child_process import Ended, Limits, inherited, run

_SECONDS = 10
_SMALL = 65536
_ENTRY = ".git"
_LINK = b"160000 "
"""How `ls-tree` begins the line of a submodule."""

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
)
_VARIABLES = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ASKPASS": "false",
    "GIT_EDITOR": "false",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_SSH_COMMAND": "false",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_INHERITED = frozenset({"PATH", "HOME", "XDG_CONFIG_HOME", "SYSTEMROOT", "USERPROFILE"})
"""All that git gets of our environment: what it needs to find itself, and the user's own list of ignored files."""

_BLOB = re.compile(rb"[0-9a-f]{40,64} blob (\d+)")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with a work tree.

    Attributes:
        folder: The top folder of the work tree, without symbolic links.
    """

    folder: Path

    def commit(self) -> str:
        """The commit that is checked out; empty if there is none."""
        return self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").output.decode("ascii", "replace").strip()

    def committed(self, path: Path, largest: int) -> bytes | None:
        """The content of a file as it was committed, with symbolic links followed; None if it was not.

        Args:
            path: The file, below `folder`.
            largest: The most bytes it may have.
        """
        name = os.fsencode(self._relative(path))
        if b"\n" in name:  # the question is one line
            return None
        asked = b"HEAD:" + name + b"\n"
        answer = self._run("cat-file", "--batch", "--follow-symlinks", stdin=asked, most=largest + _SMALL)
        head, _, content = answer.output.partition(b"\n")
        found = _BLOB.fullmatch(head)
        return content[: int(found[1])] if found and not answer.why else None

    def ignores(self, path: Path) -> bool | None:
        """Whether a file would never be committed by accident; None if git cannot be asked.

        Args:
            path: The file, below `folder`.
        """
        asked = self._run("check-ignore", "--quiet", "--", str(path), work_tree=True)
        return None if asked.code not in (0, 1) else asked.code == 0

    def has_as_files(self, folder: Path) -> bool:
        """Whether a folder below is committed here as plain files, and not as a submodule."""
        entry = self._run("ls-tree", "--full-tree", "HEAD", "--", self._relative(folder)).output
        return bool(entry) and not entry.startswith(_LINK)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _run(self, *arguments: str, stdin: bytes | None = None, most: int = _SMALL, work_tree: bool = False) -> Ended:
        top = str(self.folder)
        rest = ["-C", top, f"--work-tree={top}"] if work_tree else ["--literal-pathspecs"]
        words = ["git", f"--git-dir={self.folder / _ENTRY}", *rest, *_OPTIONS, *arguments]
        env = {name: value for name, value in inherited().items() if name in _INHERITED and Path(value).is_absolute()}
        return run(words, Limits(_SECONDS, most), stdin=stdin, env=env | _VARIABLES)


def repository_of(folder: Path) -> Repository | None:
    """The repository that a folder belongs to, found by the entry `.git`. One that an enclosing repository has as plain
    files came with those files, configuration and all, and is not used.

    Args:
        folder: A folder that exists.
    """
    real = folder.resolve()
    found: Repository | None = None
    for each in reversed([real, *real.parents]):
        if os.path.lexists(each / _ENTRY) and not (found and found.has_as_files(each)):
            found = Repository(each)
    return found
