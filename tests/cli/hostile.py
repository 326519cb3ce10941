"""A checkout whose author tries to run a program: repositories as plain files, every git setting that names a program,
and a PATH on which every command except `git` is a tripwire."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

GIT = shutil.which("git") or ""
WHO = ["-c", "user.name=n", "-c", "user.email=e@x.io", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]
CONFIG = """\
[core]
	repositoryformatversion = 1
	bare = false
	fsmonitor = EVIL
	hooksPath = EVIL-hooks
	pager = EVIL
	editor = EVIL
	sshCommand = EVIL
	askPass = EVIL
	gitProxy = EVIL
	alternateRefsCommand = EVIL
[include]
	path = included
[filter "evil"]
	clean = EVIL
	smudge = EVIL
	process = EVIL
	required = true
[diff]
	external = EVIL
[diff "evil"]
	textconv = EVIL
	command = EVIL
[merge "evil"]
	driver = EVIL
[alias]
	status = !EVIL
	rev-parse = !EVIL
	cat-file = !EVIL
	ls-tree = !EVIL
	check-ignore = !EVIL
[pager]
	status = EVIL
	rev-parse = EVIL
	cat-file = EVIL
	ls-tree = EVIL
	check-ignore = EVIL
[gpg]
	program = EVIL
[credential]
	helper = !EVIL
[protocol]
	allow = always
[extensions]
	partialClone = origin
[remote "origin"]
	url = ext::EVIL
	promisor = true
	partialclonefilter = blob:none
	uploadpack = EVIL
	vcs = evil
"""
ATTRIBUTES = "* filter=evil diff=evil merge=evil\n"
DOCUMENT = """\
version: 1
workspace: {}
members: {{ada@example.com: admin, kim@example.com: viewer}}
"""


@dataclass(frozen=True)
class Checkout:
    """Attributes:
    root: The top folder.
    evil: The program that every setting names.
    marks: Every program that ran appended its name to this file.
    commits: The expected commit of each document, by folder.
    """

    root: Path
    evil: Path
    marks: Path
    commits: dict[str, str]

    @property
    def ran(self) -> set[str]:
        return set(self.marks.read_text().split()) if self.marks.exists() else set()

    def document(self, folder: str) -> Path:
        path = self.root / folder / "doc.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(DOCUMENT.format(folder.partition("/")[0]))
        return path

    def corrupt(self, repository: Path) -> None:
        """Name the program in every setting of a repository that can name one."""
        with (repository / "config").open("a") as config:
            config.write(self._evil(CONFIG))
        (repository / "info").mkdir(exist_ok=True)
        (repository / "info" / "attributes").write_text(ATTRIBUTES)
        (repository / "included").write_text(self._evil("[core]\n\tfsmonitor = EVIL\n"))
        (repository / "hooks").mkdir(exist_ok=True)
        for name in ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
            shutil.copy(self.evil, repository / "hooks" / name)

    def _evil(self, text: str) -> str:
        return text.replace("EVIL-hooks", "hooks").replace("EVIL", str(self.evil))


def git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run([GIT, *WHO, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def new_repository(folder: Path, message: str = "first") -> str:
    """Create a repository in a folder, commit everything in it, and return the commit."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force", ".")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def hostile_checkout(root: Path, tools: Path) -> Checkout:
    """One folder per case, inside one repository. Each document declares the workspace named like its folder."""
    found = Checkout(root, tools / "evil", tools / "marks", {})
    found.evil.write_text(f'#!/bin/sh\necho "${{0##*/}}" >> {found.marks}\nexit 0\n')
    found.evil.chmod(0o755)
    (root / ".gitattributes").write_text(ATTRIBUTES)
    (root / ".gitignore").write_text(".beamctl/\n*.json\n")
    for shape in AS_FILES:
        found.document(shape)
        if shape in EMBEDDED:
            EMBEDDED[shape](found, _spare(found, tools / shape, shape))
    found.document("plain")
    git(root, "init", "--quiet")
    _add_submodule(found)
    commit = new_repository(root)
    for shape in AS_FILES:
        found.commits[shape] = commit
        if shape in LATER:
            LATER[shape](found, _spare(found, tools / shape, shape))
    _add_others(found, tools)
    found.commits["plain"] = commit
    found.corrupt(root / ".git")
    return found


def _spare(found: Checkout, folder: Path, shape: str) -> Path:
    """A repository whose copy of the document differs from the one in the checkout."""
    folder.mkdir()
    (folder / "doc.yaml").write_text(f"# not {shape}\n")
    new_repository(folder)
    found.corrupt(folder / ".git")
    (folder / ".git" / "info" / "exclude").write_text("*\n")
    return folder / ".git"


def _in_the_folder(found: Checkout, spare: Path) -> None:
    shutil.copytree(spare, found.root / "in-the-folder", dirs_exist_ok=True)
    _set_work_tree(found.root / "in-the-folder", ".")


def _above_it(found: Checkout, spare: Path) -> None:
    (found.root / "above-it" / "doc.yaml").unlink()
    shutil.copytree(spare, found.root / "above-it", dirs_exist_ok=True)
    _set_work_tree(found.root / "above-it", "sub")
    path = found.root / "above-it" / "sub" / "doc.yaml"
    path.parent.mkdir()
    path.write_text(DOCUMENT.format("above-it"))


def _administration(found: Checkout, spare: Path) -> None:
    """A git directory as a linked work tree has it: everything except HEAD is elsewhere."""
    folder = found.root / "administration"
    shutil.copytree(spare, folder / "common")
    shutil.copy(spare / "HEAD", folder / "HEAD")
    shutil.copy(spare / "index", folder / "index")
    (folder / "commondir").write_text("common\n")
    _set_work_tree(folder / "common", "..")


def _git_folder(found: Checkout, spare: Path) -> None:
    shutil.copytree(spare, found.root / "git-folder" / ".git")


def _git_file(found: Checkout, spare: Path) -> None:
    shutil.copytree(spare, found.root / "git-file" / "store")
    (found.root / "git-file" / ".git").write_text("gitdir: store\n")
    _set_work_tree(found.root / "git-file" / "store", "..")


def _set_work_tree(repository: Path, where: str) -> None:
    with (repository / "config").open("a") as config:
        config.write(f"[core]\n\tworktree = {where}\n")


EMBEDDED: Mapping[str, Callable[[Checkout, Path], None]] = {
    "in-the-folder": _in_the_folder,
    "above-it": _above_it,
    "administration": _administration,
}
"""Repositories that git itself can check out."""
LATER: Mapping[str, Callable[[Checkout, Path], None]] = {"git-folder": _git_folder, "git-file": _git_file}
"""Repositories that an archive or a CI cache can contain."""
AS_FILES = (*EMBEDDED, *LATER)


def _add_submodule(found: Checkout) -> None:
    found.document("submodule")
    found.commits["submodule"] = new_repository(found.root / "submodule")


def _add_others(found: Checkout, tools: Path) -> None:
    """Add inner repositories whose files no outer repository tracks, so git uses them. Their settings are hostile
    too."""
    found.corrupt(found.root / "submodule" / ".git")
    for name in ("clone", "promisor"):
        path = found.document(name)
        found.commits[name] = new_repository(path.parent)
        if name == "promisor":
            blob = git(path.parent, "rev-parse", "HEAD:doc.yaml")
            (path.parent / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
            found.commits[name] += "-dirty"  # nothing to compare with
        else:
            alternates = path.parent / ".git" / "objects" / "info" / "alternates"
            alternates.write_text(f"{found.root}/.git/objects\n")
        found.corrupt(path.parent / ".git")
    (tools / "main").mkdir()
    begun_with = Checkout(tools / "main", found.evil, found.marks, {})
    begun_with.document("worktree")
    (tools / "main" / "worktree" / "doc.yaml").rename(tools / "main" / "doc.yaml")
    found.commits["worktree"] = new_repository(tools / "main")
    git(tools / "main", "worktree", "add", "--quiet", str(found.root / "worktree"), "HEAD")
    found.corrupt(tools / "main" / ".git")


def tripwires(found: Checkout, tools: Path) -> str:
    """A PATH on which `git` is the only program; any other name leaves a mark."""
    trips = tools / "bin"
    trips.mkdir()
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    names = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir()}
    for name in names | {"keeper", "teller", "git-remote-evil", "git-remote-ext"}:
        (trips / name).symlink_to(GIT if name == "git" else found.evil)
    shutil.copy(found.evil, found.root / "git")
    return str(trips)


def hostile_variables(found: Checkout, path: str) -> dict[str, str]:
    """Variables that make git use another repository or run a program."""
    evil = str(found.evil)
    return {
        "PATH": f".:{os.pathsep}{path}",
        "XDG_CONFIG_HOME": "xdg",
        "GIT_DIR": str(found.root / "in-the-folder"),
        "GIT_WORK_TREE": str(found.root),
        "GIT_EXEC_PATH": path,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": evil,
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={evil}'",
        "GIT_EXTERNAL_DIFF": evil,
        "GIT_PAGER": evil,
        "GIT_SSH_COMMAND": evil,
        "GIT_ASKPASS": evil,
        "GIT_PROXY_COMMAND": evil,
        "GIT_TRACE": str(found.marks),
        "GIT_TRACE2_EVENT": str(found.marks),
    }
