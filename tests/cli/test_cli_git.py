"""The commit of a document: which repository it is of, and whether it is as committed. `test_hostile_checkout` has what
must not happen meanwhile."""

import os
import subprocess
from pathlib import Path

import pytest

from beamctl.cli.commit import commit_of
from beamctl.cli.git import repository_of
from beamctl.cli.secret_file import why_not_to
from tests.cli.hostile import GIT, begun, git


def test_what_is_as_committed(directory: Path) -> None:
    (directory / "a.yaml").write_bytes(b"a\nb\n")
    (directory / "sub").mkdir()
    (directory / "sub" / "link.yaml").symlink_to("../a.yaml")
    (directory / "out.yaml").symlink_to("/etc/hostname")
    commit = begun(directory)
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


def test_where_there_is_no_commit(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "a.yaml").write_text("a")
    assert commit_of("a.yaml") == commit_of("-") == ""
    subprocess.run(["git", "init", "--quiet"], check=True)
    assert commit_of("a.yaml") == ""
    begun(directory)
    assert commit_of("a.yaml") != ""
    monkeypatch.setenv("PATH", str(directory))
    assert commit_of("a.yaml") == ""
    monkeypatch.undo()
    os.chdir(directory)
    (directory / ".git" / "HEAD").write_text("nonsense")
    assert commit_of("a.yaml") == ""


def test_a_git_that_never_ends_or_says_too_much_is_no_commit(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "a.yaml").write_text("a")
    begun(directory)
    (directory / "bin").mkdir()
    (directory / "bin" / "git").write_text("#!/bin/sh\nexec /bin/cat /dev/zero\n")
    (directory / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(directory / "bin"))
    assert commit_of("a.yaml") == ""


def test_of_repositories_inside_one_another(directory: Path) -> None:
    """Each is used, unless the one around it has its files."""
    for name in ("files", "module", "clone", "deep/files"):
        (directory / name).mkdir(parents=True)
        (directory / name / "a.yaml").write_text(name)
    module = begun(directory / "module")
    (directory / ".gitignore").write_text("clone/\n")
    git(directory, "init", "--quiet")
    git(directory, "add", "files", "module", "deep")
    git(directory, "commit", "--quiet", "--message", "outer")
    outer = git(directory, "rev-parse", "HEAD")
    inner = begun(directory / "files", "inner")
    clone, deep = begun(directory / "clone"), begun(directory / "deep", "deep")
    assert len({outer, inner, clone, deep, module}) == 5
    found = [commit_of(f"{name}/a.yaml") for name in ("files", "module", "clone", "deep/files")]
    assert found == [outer, module, clone, outer]


def test_a_replaced_object_is_not_what_was_committed(directory: Path) -> None:
    (directory / "a.yaml").write_text("committed")
    commit = begun(directory)
    (directory / "other").write_text("replaced")
    blobs = [git(directory, "hash-object", "-w", name) for name in ("a.yaml", "other")]
    git(directory, "replace", *blobs)
    assert git(directory, "cat-file", "-p", "HEAD:a.yaml") == "replaced"
    assert commit_of("a.yaml") == commit
    (directory / "a.yaml").write_text("replaced")
    assert commit_of("a.yaml") == f"{commit}-dirty"


def test_no_folder_that_looks_like_a_repository_is_one(directory: Path, tmp_path: Path) -> None:
    """Git uses the repository that is named to it, without a monitor, whatever it would find by itself."""
    (directory / "a.yaml").write_text("a")
    begun(directory)
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
    for call in asked.read_text().splitlines():
        assert call.startswith(f"--git-dir={directory / '.git'} ")
        assert "-c safe.bareRepository=explicit -c core.fsmonitor=false" in call


@pytest.mark.parametrize("what", ["the folder", "the file", "what the file names"])
def test_a_repository_of_another_user_is_not_asked(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Its configuration may name programs; git itself does not check whose it is if it is named to git."""
    (directory / "a.yaml").write_text("a")
    commit = begun(directory)
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
    assert "git cannot be asked" in why_not_to(directory / "secret")
    repository = repository_of(directory)
    assert repository is not None
    assert repository.tracked(directory, "") == "does not use a repository of another user"


@pytest.mark.parametrize(
    ("listed", "safe"), [(["*"], True), (["{}"], True), (["{}/*"], False), (["/elsewhere"], False), (["*", ""], False)]
)
def test_git_says_which_repositories_of_other_users_are_safe(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: list[str], *, safe: bool
) -> None:
    (directory / "a.yaml").write_text("a")
    commit = begun(directory)
    if os.geteuid() == 0:
        os.chown(directory / ".git", 54321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 54321)
    lines = "".join(f'  directory = "{each.format(directory.resolve())}"\n' for each in listed)
    (tmp_path / ".gitconfig").write_text(f"[safe]\n{lines}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert commit_of("a.yaml") == (commit if safe else "")
