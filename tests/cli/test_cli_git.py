"""The commit of a document: which repository it is of, and whether it is as committed. `test_hostile_checkout` has what
must not happen meanwhile."""

import os
import subprocess
from pathlib import Path

import pytest

from beamctl.cli.commit import commit_of
from tests.cli.hostile import begun, git


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
    (directory / "a.yaml").write_bytes(b"a\r\nb\r\n")  # as git checks it out where that is asked for
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
