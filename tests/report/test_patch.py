"""Patches are diffs that git reads, whatever the name of the file; and what they leave out is safe to show."""

import subprocess
from pathlib import Path

import pytest

from beamctl.document.problem import Place
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.adoption import AdoptedDrift, EditedFile, NewEntry, NotAdopted
from beamctl.report.patch_text import adopted_text, patch_text


@pytest.mark.parametrize(
    "name",
    [
        "access.yaml",
        "a/b c.yaml",
        " a ",
        'a"b',
        "a\\b",
        "é.yaml",
        "tab\t.yaml",
        "line\nbreak.yaml",
        "a\udcff",
        "\u202e.yaml",
        "-",
    ],
)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n", "b\n"),
        ("a", "b"),
        ("a\n", "a"),
        ("a", "a\nb\n"),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
        ("\ufeffa\n", "\ufeffb\n"),
    ],
)
def test_git_applies_a_patch(tmp_path: Path, name: str, before: str, after: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(before.encode())
    patch = patch_text(name, before, after)
    assert patch.isascii() or not name.isascii() or "\ufeff" in before
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=tmp_path, check=True)
    assert file.read_bytes() == after.encode()


def test_what_is_left_out_is_safe_to_show() -> None:
    name = "a\r\n::error::x\x1b[31m\u202e"
    why = fact(Code.HAS_UNKNOWN_ROLE, role=name)
    left = (
        NotAdopted("acme", "members", name, why, Place(name, 3)),
        NotAdopted("acme", "", "", fact(Code.ADOPT_DUE), None),
    )
    file = EditedFile(name, name, b"", b"x")
    found = AdoptedDrift((file,), 1, left, (NewEntry("acme", "members", name, why),), name)
    for written in (False, True):
        text = adopted_text(found, written=written)
        assert text.replace("\n", "").isprintable()
        assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
        assert "1 of 3 differences" in text
