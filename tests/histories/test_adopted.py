"""The membership histories as changes that were made by hand: one document with comments adopts every revision.

Each time, a plan of the result is empty, and the lines about other people, and all other comments, are as before."""

import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from beamctl.report.patch_text import patch_text
from tests.fakes.workspace import FakeWorkspace, person
from tests.histories.test_replay import HISTORIES, delta, revisions
from tests.workflow.test_adopt import adopted

STYLES = {
    "short": "  {email}: {role}\n",
    "commented": "  # about {email}\n  # (from the ticket)\n  {email}: {role}   # since {email} joined\n",
    "long": "    '{email}':\n        role: {role} # of {email}\n        reason: hired\n",
    "flow": "  {email}: {{role: {role}, reason: hired}}\n",
}


def document(members: dict[str, str], style: str) -> str:
    """People in groups with headings, and a section after them."""
    lines = ["# Who has access\nversion: 1\nworkspace: acme   # production\nmembers:\n"]
    for number, (email, role) in enumerate(members.items()):
        lines += [f"\n  # group {number // 4}\n\n"] if number % 4 == 0 else []
        lines.append(STYLES[style].format(email=email, role=role))
    return "".join([*lines, "  # end of members\n\n# Guards\nguards: {maxRemovals: 100%}\n# the end"])


def others(text: str, people: set[str], *, marks: tuple[str, ...] = ()) -> list[str]:
    """The lines that are not about these people."""
    found, about = [], False
    for line in text.split("\n"):
        begins = line.lstrip().startswith(("'", "# about", "# group", "# end")) or "@" in line or not line.strip()
        about = any(email in line for email in people) if begins else about
        if not about and not line.lstrip().startswith(marks or "\0"):
            found.append(line)
    return found


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_every_revision_is_adopted(path: Path, style: str, tmp_path: Path) -> None:
    line_break = "\r\n" if style == "commented" else "\n"
    history = revisions(path)
    history = history[:: len(history) // (30 if style == "commented" else 8)]
    states = list(accumulated(history))
    text = document(states[0], style).replace("\n", line_break)
    for number, (before, members) in enumerate(pairwise(states)):
        live = FakeWorkspace.of([person(email, role) for email, role in members.items()])
        _, found, after = adopted(text, live)
        moved = set(delta_of(before, members))
        assert found.left == ()
        assert found.adopted == len(moved)
        data = yaml.safe_load(after)["members"]
        roles = {email: entry if isinstance(entry, str) else entry["role"] for email, entry in data.items()}
        assert roles == members
        assert others(after, moved) == others(text, moved)
        if number % 20 == 0 and moved:
            assert applied(text, after, tmp_path) == after
        text = after


def accumulated(history: list[dict[str, Any]]) -> Any:
    members: dict[str, str] = {}
    for revision in history:
        members |= revision["set"]
        members = {email: role for email, role in members.items() if email not in revision["del"]}
        yield dict(members)


def delta_of(before: dict[str, str], after: dict[str, str]) -> dict[str, Any]:
    gone = [email for email in before if email not in after]
    return delta(before, {"del": gone, "set": after})


def applied(before: str, after: str, folder: Path) -> str:
    """The file after `git apply` of the patch."""
    file = folder / "access.yaml"
    file.write_bytes(before.encode())
    patch = patch_text("access.yaml", before, after)
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=folder, check=True)
    return file.read_bytes().decode()
