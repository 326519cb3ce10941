"""Runs git commands in a checkout that is not trusted: the repository is passed explicitly, so that no file in the
checkout selects git's configuration, and only commands are used in which no configuration can start a program."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from beamctl.errors import UsageError
from beamctl.model.text import shell_word
from beamctl.system.child_process import Limits, ProcessResult, inherited, run
from beamctl.system.files import read_file

_SECONDS = 10
_SMALL = 65536
_LISTED = 4 * 1024 * 1024
_LARGEST_INDEX = 256 * 1024 * 1024
_ENTRY, _INDEX = ".git", "index"
_LINK = b"160000 "
"""The start of a submodule's line in `ls-tree`."""

_OPTIONS = ("--no-replace-objects", *("-c", "safe.bareRepository=explicit"), *("-c", "core.fsmonitor=false"))
_VARIABLES = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""Do not fetch objects missing from a partial clone; older versions of git know only the second variable."""
_INHERITED = frozenset({"PATH", "HOME", "XDG_CONFIG_HOME"})
"""The only variables passed to git: enough to find git and the user's own ignore file."""

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_BLOB = re.compile(rb"[0-9a-f]{40,64} blob (\d+)")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with a work tree.

    Attributes:
        folder: The top folder of the work tree, without symbolic links.
        is_ours: Whether it belongs to the current user or root, or is listed in git's `safe.directory`. The
            configuration of other repositories is never read, because it may name programs to run. An explicit
            `--git-dir` bypasses git's own check.
    """

    folder: Path
    is_ours: bool

    def commit(self) -> str | None:
        """The commit that is checked out; empty if there is none, None if git cannot be used."""
        result = self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return result.output.decode("ascii", "replace").strip() if result.code in (0, 1) else None

    def resolve(self, revision: str) -> str:
        """The commit that a revision names; empty if there is none.

        Raises:
            UsageError: git cannot be used.
        """
        if not revision or "\0" in revision:
            return ""
        result = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if result.code is None:
            raise UsageError(f"git {result.why}")
        found = result.output.decode("ascii", "replace").strip()
        return found if result.code == 0 and _COMMIT.fullmatch(found) else ""

    def is_shallow(self) -> bool:
        """Whether only a part of the history is here."""
        return self._run("rev-parse", "--is-shallow-repository").output.strip() == b"true"

    def contains(self, commit: str, path: Path) -> bool:
        """Whether a commit lists a file, even if its content is not here, as in a partial clone."""
        return bool(self._run("ls-tree", "--full-tree", commit, "--", self._relative(path)).output)

    def files_at(self, commit: str, path: Path) -> list[Path]:
        """The files that a commit has at a path and below.

        Args:
            commit: The ID of a commit.
            path: A file or folder, `folder` or below.

        Raises:
            UsageError: git cannot list them.
        """
        below = [] if path == self.folder else ["--", self._relative(path)]
        result = self._run("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, *below, most=_LISTED)
        if result.code != 0 or result.why:
            raise UsageError(f"git cannot list the files at {commit}", "Check that git works in this directory.")
        return [self.folder / name for name in os.fsdecode(result.output).split("\0")[:-1]]

    def name_at(self, commit: str, path: Path) -> Path | None:
        """The file from which a file of HEAD was renamed since a commit; None if git finds none.

        Args:
            commit: The ID of a commit.
            path: The file, below `folder`.
        """
        options = ("-r", "-z", "-M", "--diff-filter=R", "--name-status", "--no-ext-diff", "--no-textconv")
        result = self._run("diff-tree", *options, commit, "HEAD", most=_LISTED)
        parts = os.fsdecode(result.output).split("\0")
        pairs = zip(parts[1::3], parts[2::3], strict=False)
        return next((self.folder / before for before, after in pairs if after == self._relative(path)), None)

    def committed(self, path: Path, largest: int, commit: str = "HEAD") -> bytes | None:
        """The committed content of a file, with symbolic links followed; None if it is not committed.

        Args:
            path: The file, below `folder`.
            largest: The maximum size in bytes.
            commit: The ID of a commit.
        """
        name = os.fsencode(self._relative(path))
        if b"\n" in name:  # the request is one line
            return None
        request = commit.encode() + b":" + name + b"\n"
        result = self._run("cat-file", "--batch", "--follow-symlinks", stdin=request, most=largest + _SMALL)
        head, _, content = result.output.partition(b"\n")
        found = _BLOB.fullmatch(head)
        return content[: int(found[1])] if found and not result.why else None

    def ignores(self, path: Path) -> bool | str:
        """Whether git ignores a file, or why that is unknown.

        Args:
            path: The file, below `folder`.
        """
        command = ("check-ignore", "--quiet", "--", str(path))
        result = self._run(*command, work_tree=True)
        if result.code in (0, 1):
            return result.code == 0
        return self._files_ignore(command) or result.why

    def _files_ignore(self, command: Sequence[str]) -> bool:
        """Whether the `.gitignore` files and the index say so.

        Git reads these without the configuration of the repository, so the repository may belong to another user.
        """
        if any(os.path.lexists(parent / _ENTRY) for parent in self.folder.parents):
            return False  # an enclosing repository may track these files
        try:
            git_folder = _git_folder(self.folder / _ENTRY)
            with TemporaryDirectory(prefix="beamctl-") as temporary:
                for name in ("objects", "refs"):
                    Path(temporary, name).mkdir()
                Path(temporary, "HEAD").write_text("ref: refs/heads/none\n", "ascii")
                if (git_folder / _INDEX).exists() or not git_folder.is_dir():
                    Path(temporary, _INDEX).write_bytes(read_file(git_folder / _INDEX, _LARGEST_INDEX))
                return self._ask(Path(temporary), command, _SMALL, work_tree=True).code == 0
        except (OSError, ValueError, UsageError):
            return False

    def tracked(self, folder: Path, suffix: str) -> frozenset[str] | str:
        """The names of committed or staged files in a folder, or why they are unknown.

        Names are case-folded, because file systems may ignore case.

        Args:
            folder: The top folder of the repository or one below it, without symbolic links.
            suffix: The suffix of the names.
        """
        below = re.sub(r"([*?\[\\])", r"\\\1", self._relative(folder / f"x{suffix}"))
        where = f":(top,icase,glob){below.removesuffix(f'x{suffix}')}*{suffix}"
        for committed in (["--with-tree=HEAD"], []):  # there may be no commit yet
            listed = self._run("ls-files", "-z", *committed, "--", where, most=_LISTED, work_tree=True)
            if not (why := listed.why):
                paths = os.fsdecode(listed.output).split("\0")[:-1]
                return frozenset(path.rpartition("/")[2].casefold() for path in paths)
        return why

    def has_as_files(self, folder: Path) -> bool:
        """Whether a folder below is committed here as plain files, and not as a submodule."""
        entry = self._run("ls-tree", "--full-tree", "HEAD", "--", self._relative(folder)).output
        return bool(entry) and not entry.startswith(_LINK)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _run(
        self, *arguments: str, stdin: bytes | None = None, most: int = _SMALL, work_tree: bool = False
    ) -> ProcessResult:
        if not self.is_ours:
            trust = f"git config --global --add safe.directory {shell_word(str(self.folder))}"
            return ProcessResult(why=f"does not use a repository of another user. If you trust it:  {trust}")
        return self._ask(self.folder / _ENTRY, arguments, most, stdin, work_tree=work_tree)

    def _ask(
        self, repository: Path, arguments: Sequence[str], most: int, stdin: bytes | None = None, *, work_tree: bool
    ) -> ProcessResult:
        top = str(self.folder)
        rest = ["-C", top, f"--work-tree={top}"] if work_tree else ["--literal-pathspecs"]
        return _git(repository, [*rest, *_OPTIONS, *arguments], Limits(_SECONDS, most), stdin)


def _git(folder: Path, arguments: Sequence[str], limits: Limits, stdin: bytes | None = None) -> ProcessResult:
    env = {name: value for name, value in inherited().items() if name in _INHERITED and Path(value).is_absolute()}
    return run(["git", f"--git-dir={folder}", *arguments], limits, stdin=stdin, env=env | _VARIABLES)


def repository_of(folder: Path) -> Repository | None:
    """The repository that a folder belongs to, found by its `.git` entry.

    A repository that an enclosing repository tracks as plain files is not used: its configuration came with the
    checkout.

    Args:
        folder: A folder that exists.
    """
    real = folder.resolve()
    found: Repository | None = None
    for each in reversed([real, *real.parents]):
        if os.path.lexists(each / _ENTRY) and not (found and found.has_as_files(each)):
            found = Repository(each, _is_ours(each / _ENTRY) or _is_safe(each))
    return found


def _is_ours(entry: Path) -> bool:
    """Whether the `.git` entry, and the folder it names if it is a file, belong to the current user or root."""
    try:
        paths = {entry, _git_folder(entry)}
        return {path.stat().st_uid for path in paths} <= {os.geteuid(), 0}
    except (OSError, ValueError, UsageError):
        return False


def _git_folder(entry: Path) -> Path:
    """The folder that the `.git` entry is or names.

    Raises:
        OSError, ValueError, UsageError: It cannot be read.
    """
    if not entry.is_file():
        return entry
    named = read_file(entry, _SMALL).removeprefix(b"gitdir:").strip()
    return entry.parent / os.fsdecode(named)


def _is_safe(folder: Path) -> bool:
    """Whether git's user or system configuration lists a folder as `safe.directory`."""
    safe = False
    for scope in ("--system", "--global"):  # later settings override earlier ones
        result = _git(
            Path(os.devnull), ["config", scope, "-z", "--get-all", "safe.directory"], Limits(_SECONDS, _SMALL)
        )
        for value in os.fsdecode(result.output).split("\0")[:-1]:
            is_listed = value in ("*", str(folder)) or (value.endswith("/*") and str(folder).startswith(value[:-1]))
            safe = value != "" and (safe or is_listed)  # an empty value empties the list
    return safe
