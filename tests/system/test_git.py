"""The commit of a document: its repository, and whether the file is as committed. What git must never do is
in `tests/cli/test_hostile_checkout.py`."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from beamctl.runs.commit import commit_of
from beamctl.secrets.file import why_not_to
from beamctl.system.git import repository_of
from tests.cli.hostile import GIT, git, new_repository


def test_files_that_are_as_committed(directory: Path) -> None:
    (directory / "a.yaml").write_bytes(b"a\nb\n")
    (directory / "sub").mkdir()
    (directory / "sub" / "link.yaml").symlink_to("../a.yaml")
    (directory / "out.yaml").symlink_to("/etc/hostname")
    commit = new_repository(directory)
    for path in ("a.yaml", "./sub/../a.yaml", str(directory / "a.yaml"), "sub/link.yaml", "-"):
        assert commit_of(path) == commit
    (directory / "here").symlink_to(".")
    assert commit_of("here/a.yaml") == commit
    (directory / "a.yaml").write_bytes(b"a\r\nb\r\n")  # as git checks it out with core.autocrlf
    assert commit_of("a.yaml") == commit
    (directory / "odd blob 2").write_bytes(b"a")
    (directory / "new\nline.yaml").write_bytes(b"a\nb\n")
    for path in ("out.yaml", "odd blob 2", "new\nline.yaml", "missing.yaml"):
        assert commit_of(path) == f"{commit}-dirty"
    (directory / "a.yaml").write_bytes(b"a\nc\n")
    for path in ("a.yaml", "sub/link.yaml"):
        assert commit_of(path) == f"{commit}-dirty"
    (directory / "sub" / "link.yaml").unlink()
    (directory / "sub" / "link.yaml").write_bytes(b"../a.yaml")
    assert commit_of("sub/link.yaml") == f"{commit}-dirty"


def test_files_without_a_commit(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "a.yaml").write_text("a")
    assert commit_of("a.yaml") == commit_of("-") == ""
    subprocess.run(["git", "init", "--quiet"], check=True)
    assert commit_of("a.yaml") == ""
    new_repository(directory)
    assert commit_of("a.yaml") != ""
    monkeypatch.setenv("PATH", str(directory))
    assert commit_of("a.yaml") == ""
    monkeypatch.undo()
    os.chdir(directory)
    (directory / ".git" / "HEAD").write_text("nonsense")
    assert commit_of("a.yaml") == ""


def test_a_git_that_hangs_or_floods_its_output_gives_no_commit(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "a.yaml").write_text("a")
    new_repository(directory)
    (directory / "bin").mkdir()
    (directory / "bin" / "git").write_text("#!/bin/sh\nexec /bin/cat /dev/zero\n")
    (directory / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(directory / "bin"))
    assert commit_of("a.yaml") == ""


def test_nested_repositories(directory: Path) -> None:
    """Each inner repository is used, unless the outer one tracks its files."""
    for name in ("files", "module", "clone", "deep/files"):
        (directory / name).mkdir(parents=True)
        (directory / name / "a.yaml").write_text(name)
    module = new_repository(directory / "module")
    (directory / ".gitignore").write_text("clone/\n")
    git(directory, "init", "--quiet")
    git(directory, "add", "files", "module", "deep")
    git(directory, "commit", "--quiet", "--message", "outer")
    outer = git(directory, "rev-parse", "HEAD")
    inner = new_repository(directory / "files", "inner")
    clone, deep = new_repository(directory / "clone"), new_repository(directory / "deep", "deep")
    assert len({outer, inner, clone, deep, module}) == 5
    found = [commit_of(f"{name}/a.yaml") for name in ("files", "module", "clone", "deep/files")]
    assert found == [outer, module, clone, outer]


def test_replacement_objects_are_ignored(directory: Path) -> None:
    (directory / "a.yaml").write_text("committed")
    commit = new_repository(directory)
    (directory / "other").write_text("replaced")
    blobs = [git(directory, "hash-object", "-w", name) for name in ("a.yaml", "other")]
    git(directory, "replace", *blobs)
    assert git(directory, "cat-file", "-p", "HEAD:a.yaml") == "replaced"
    assert commit_of("a.yaml") == commit
    (directory / "a.yaml").write_text("replaced")
    assert commit_of("a.yaml") == f"{commit}-dirty"


def test_a_folder_that_looks_like_a_repository_is_not_used(directory: Path, tmp_path: Path) -> None:
    """Git uses the repository that beamctl names, without a file system monitor, whatever it would find by itself."""
    (directory / "a.yaml").write_text("a")
    new_repository(directory)
    asked = tmp_path / "asked"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f'#!/bin/sh\necho "$@" >> {asked}\nexec {GIT} "$@"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path / "bin"))
        repository = repository_of(directory)
        assert repository is not None
        assert repository.commit() != ""
        assert repository.committed(directory / "a.yaml", 9) == b"a"
        assert repository.ignores(directory / "a.yaml") is False
        assert repository.tracked(directory, ".yaml") == frozenset({"a.yaml"})
        assert repository.has_as_files(directory / "a.yaml") is True
        head = repository.resolve("HEAD")
        assert head == repository.commit()
        assert repository.is_shallow() is False
        assert repository.contains(head, directory / "a.yaml") is True
        assert repository.name_at(head, directory / "a.yaml") is None
    for call in asked.read_text().splitlines():
        assert call.startswith(f"--git-dir={directory / '.git'} ")
        assert "-c safe.bareRepository=explicit -c core.fsmonitor=false" in call


@pytest.mark.parametrize("what", ["the folder", "the file", "what the file names"])
def test_a_repository_of_another_user_is_not_used(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Its configuration may name programs, and git does not check the owner of a repository that is named
    explicitly."""
    (directory / "a.yaml").write_text("a")
    commit = new_repository(directory)
    theirs = directory / ".git"
    if what != "the folder":
        named = theirs.rename(tmp_path / "named")
        theirs.write_text(f"gitdir: {named}\n")
        theirs = named if what == "what the file names" else theirs
    assert commit_of("a.yaml") == commit
    if os.geteuid() == 0:
        os.chown(theirs, 54321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert commit_of("a.yaml") == ""
    assert "whether it is ignored is unknown" in why_not_to(directory / "secret")
    repository = repository_of(directory)
    assert repository is not None
    assert f"another user. If you trust it:  git config --global --add safe.directory {directory}" in str(
        repository.tracked(directory, "")
    )


def of_another_user(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(directory / ".git", 54321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 54321)


def without_git(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(directory))


def of_an_unknown_format(directory: Path, _: pytest.MonkeyPatch) -> None:
    git(directory, "config", "core.repositoryFormatVersion", "99")


def damaged(directory: Path, _: pytest.MonkeyPatch) -> None:
    (directory / ".git" / "HEAD").write_text("nonsense")


def that_is_elsewhere(directory: Path, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(directory / ".git")
    (directory / ".git").write_text("gitdir: /nowhere\n")


def that_is_not_there(directory: Path, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(directory / ".git")


Fault = Callable[[Path, pytest.MonkeyPatch], None]
READABLE: list[Fault] = [of_another_user, of_an_unknown_format, damaged]
UNREADABLE: list[Fault] = [without_git, that_is_elsewhere]


@pytest.fixture
def checkout(directory: Path) -> Path:
    (directory / "a.yaml").write_text("a")
    (directory / "tracked.key").write_text("a")
    (directory / ".gitignore").write_text("*.key\n")
    new_repository(directory)
    return directory


@pytest.mark.parametrize("fault", READABLE)
def test_a_path_ignored_by_gitignore_files_may_hold_a_secret(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """Also if git does not read the repository."""
    fault(checkout, monkeypatch)
    assert why_not_to(checkout / "new.key") == ""
    assert why_not_to(checkout / "deep" / "new.key") == ""
    for refused in ("new", "tracked.key"):
        assert "whether it is ignored is unknown: git " in why_not_to(checkout / refused)


@pytest.mark.parametrize("fault", UNREADABLE)
def test_no_answer_if_git_has_none(checkout: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    fault(checkout, monkeypatch)
    assert "whether it is ignored is unknown: git " in why_not_to(checkout / "new.key")


def test_an_inner_repository_of_another_user_does_not_decide_what_is_ignored(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outer repository may track its files."""
    inner = checkout / "inner"
    inner.mkdir()
    (inner / ".gitignore").write_text("*\n")
    git(inner, "init", "--quiet")
    for folder in (checkout, inner):
        of_another_user(folder, monkeypatch)
    assert "whether it is ignored is unknown" in why_not_to(inner / "new.key")


COMMIT = "0123456789abcdef" * 2 + "01234567"
CI = {
    "GITHUB_SHA": "GITHUB_WORKSPACE",
    "CI_COMMIT_SHA": "CI_PROJECT_DIR",
    "BUILDKITE_COMMIT": "BUILDKITE_BUILD_CHECKOUT_PATH",
    "CIRCLE_SHA1": "CIRCLE_WORKING_DIRECTORY",
    "BITBUCKET_COMMIT": "BITBUCKET_CLONE_DIR",
}


@pytest.mark.parametrize(
    ("fault", "variable"),
    [
        *[(fault, "GITHUB_SHA") for fault in (*READABLE, *UNREADABLE)],
        *[(that_is_not_there, variable) for variable in CI],
    ],
)
def test_the_commit_of_the_ci_job_is_used_if_git_cannot_be_asked(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, variable: str
) -> None:
    commit = commit_of("a.yaml")
    monkeypatch.setenv(variable, COMMIT)
    assert commit_of("a.yaml") == commit
    fault(checkout, monkeypatch)
    assert commit_of("a.yaml") == commit_of("-") == COMMIT
    for root, expected in ((str(checkout), COMMIT), ("/nowhere/on/this/machine", COMMIT), ("/usr", "")):
        monkeypatch.setenv(CI[variable], root)
        assert commit_of("a.yaml") == expected
    monkeypatch.setenv(CI[variable], "")
    for nonsense in ("HEAD", COMMIT[1:], f"{COMMIT}\n", COMMIT.replace("0", "\u0660")):
        monkeypatch.setenv(variable, nonsense)
        assert commit_of("a.yaml") == ""


def test_a_repository_without_a_commit_has_none(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git itself reports this."""
    monkeypatch.setenv("GITHUB_SHA", COMMIT)
    git(directory, "init", "--quiet")
    assert commit_of("a.yaml") == ""


@pytest.mark.parametrize(
    ("listed", "safe"), [(["*"], True), (["{}"], True), (["{}/*"], False), (["/elsewhere"], False), (["*", ""], False)]
)
def test_safe_directory_settings_of_git_are_used(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: list[str], *, safe: bool
) -> None:
    (directory / "a.yaml").write_text("a")
    commit = new_repository(directory)
    if os.geteuid() == 0:
        os.chown(directory / ".git", 54321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 54321)
    lines = "".join(f'  directory = "{each.format(directory.resolve())}"\n' for each in listed)
    (tmp_path / ".gitconfig").write_text(f"[safe]\n{lines}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert commit_of("a.yaml") == (commit if safe else "")


def test_earlier_commits(directory: Path) -> None:
    (directory / "a.yaml").write_text("a\n" * 20)
    (directory / "other.yaml").write_text("other")
    first = new_repository(directory)
    git(directory, "tag", "-a", "v1", "-m", "a tag")
    git(directory, "mv", "a.yaml", "b \u00fc.yaml")
    git(directory, "commit", "--quiet", "--message", "renamed")
    repository = repository_of(directory)
    assert repository is not None
    assert [repository.resolve(name) for name in ("v1", "HEAD~1", first, first[:9], "HEAD^")] == [first] * 5
    invalid = ("", "nope", "--all", "-h", "HEAD:b.yaml", "HEAD\n", "HEAD\0", "a" * 40, "HEAD..v1", "^HEAD", "x" * 9999)
    assert [repository.resolve(name) for name in invalid] == [""] * len(invalid)
    assert repository.committed(directory / "a.yaml", 99, first) == b"a\n" * 20
    assert repository.committed(directory / "b \u00fc.yaml", 99, first) is None
    assert repository.contains(first, directory / "a.yaml")
    assert not repository.contains(first, directory / "b \u00fc.yaml")
    assert repository.name_at(first, directory / "b \u00fc.yaml") == directory / "a.yaml"
    assert repository.name_at(first, directory / "other.yaml") is None
