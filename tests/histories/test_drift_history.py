"""Three-way drift over generated git histories (merge, squash, rename, revert) with random changes by hand: every
difference has the cause that the table gives it, or "cannot tell"."""

import random
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from beamctl.document.desired import Desired
from beamctl.errors import UsageError
from beamctl.plan.comparison import Situation
from beamctl.plan.three_way import Cause
from beamctl.report.data import DriftDetails
from beamctl.runs.folder import RecordFolder
from beamctl.workflow.attribution import Seen, attribute
from beamctl.workflow.base_document import Base, named_bases
from beamctl.workflow.documents import read_desired
from tests.cli.hostile import GIT, WHO
from tests.fakes.one_workspace import look
from tests.fakes.runs import API, TODAY
from tests.fakes.workspace import FakeWorkspace, person

ADMIN = "ada@x.io"
PEOPLE = [f"p{number}@x.io" for number in range(6)]
ROLES = [None, None, "admin", "member", "viewer"]
TITLES = [None, "Acme", "Acme, Inc.", "ACME"]
ABSENT, UNSAID = "absent", "says nothing"
Values = Mapping[str, Any]
"""The role of each person, the display name, and whether the members are additive."""


def values(chance: random.Random) -> dict[str, Any]:
    roles = {email: chance.choice(ROLES) for email in PEOPLE}
    return {**roles, "displayName": chance.choice(TITLES), "additive": chance.random() < 0.15}


def changed(chance: random.Random, was: Values) -> dict[str, Any]:
    other = values(chance)
    return {**was, **{key: other[key] for key in chance.sample(sorted(was), 2)}}


def text(of: Values) -> str:
    """A document, with a comment after each line, so that git can merge changes of different lines."""
    lines = ["version: 1", "workspace: acme", "members:", f"  {ADMIN}: admin"]
    for email in PEOPLE:
        lines += [f"  # {email} team", f"  # since {email}", f"  {email}: {of[email]}" if of[email] else "  # no one"]
    lines += ["# end", "# of members"]
    if of["displayName"]:
        lines.append(f"settings: {{displayName: '{of['displayName']}'}}")
    lines += ["# modes", "# follow"]
    if of["additive"]:
        lines.append("manage: {members: additive}")
    return "\n".join([*lines, ""])


class History:
    """A repository with one document, changed in every way that a team changes it."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance, self.name = folder, chance, "access.yaml"
        self.now = values(chance)
        self.branches = 0
        self.git("init", "--quiet")
        self.commit()
        self.commits = [self.head()]
        for _ in range(4):
            chance.choice([self.edit, self.merge, self.squash, self.rename, self.revert])()
            self.commits.append(self.head())

    def git(self, *arguments: str) -> str:
        ran = subprocess.run([GIT, *WHO, *arguments], cwd=self.folder, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def commit(self) -> None:
        (self.folder / self.name).write_text(text(self.now))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")

    def edit(self) -> None:
        self.now = changed(self.chance, self.now)
        self.commit()

    def _branch(self) -> str:
        """Commit to a new branch and, meanwhile, to the main one."""
        self.branches += 1
        name, before = f"b{self.branches}", self.now
        self.git("checkout", "--quiet", "-b", name)
        self.edit()
        self.commits.append(self.head())
        self.git("checkout", "--quiet", "main")
        self.now = before
        self.edit()
        return name

    def merge(self) -> None:
        self.git("merge", "--quiet", "--no-ff", "-X", "theirs", "--no-edit", self._branch())
        self.read()

    def squash(self) -> None:
        """The commits of the branch are not in the history of the main one afterward."""
        self.git("merge", "--quiet", "--squash", "-X", "theirs", self._branch())
        self.git("commit", "--quiet", "--allow-empty", "--message", "squashed")
        self.read()

    def rename(self) -> None:
        old, self.name = self.name, f"access-{self.chance.randrange(10**6)}.yaml"
        self.git("mv", old, self.name)
        self.edit()

    def revert(self) -> None:
        self.edit()
        self.commits.append(self.head())
        self.git("revert", "--no-commit", "HEAD")
        self.git("commit", "--quiet", "--allow-empty", "--message", "reverted")
        self.read()

    def read(self) -> None:
        self.now = self.at("HEAD")

    def at(self, commit: str) -> dict[str, Any]:
        """The values of a commit, read with git itself and another parser."""
        name = self.git("ls-tree", "--name-only", commit).strip()
        data = yaml.safe_load(self.git("show", f"{commit}:{name}"))
        roles = {email: data["members"].get(email) for email in PEOPLE}
        return {
            **roles,
            "displayName": data.get("settings", {}).get("displayName"),
            "additive": data.get("manage", {}).get("members") == "additive",
        }


def live_values(chance: random.Random, base: Values, now: Values) -> dict[str, Any]:
    """A workspace that follows the base or the document, with changes by hand."""
    other = values(chance)
    found = {key: chance.choice([base, base, now, other])[key] for key in base}
    return found | {"displayName": found["displayName"] or "Acme"}


def side(of: Values, key: str, live: Any) -> str:
    """What a document says about a person or a setting."""
    if of[key] is None and (key == "displayName" or (of["additive"] and live is not None)):
        return UNSAID
    return of[key] or ABSENT


def expected(base: Values, now: Values, live: Values, key: str) -> Cause | str:
    """The table, written again."""
    b, d, found = side(base, key, live[key]), side(now, key, live[key]), live[key] or ABSENT
    if UNSAID in (b, d):
        return "" if d in (UNSAID, found) else Cause.UNKNOWN
    if d == found:
        return "" if b == d else "fine now"
    if b == d:
        return Cause.BY_HAND
    return Cause.NOT_APPLIED if b == found else Cause.BOTH


def details(base: Base, now: Desired, live: FakeWorkspace) -> tuple[Seen, DriftDetails]:
    seen = look(now, live, lambda: Situation(TODAY, API))
    return seen, attribute([seen], {"acme": base}, (), RecordFolder(), pytest.fail)


@pytest.mark.parametrize("seed", range(4))
def test_every_difference_has_its_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a history, no secret
    monkeypatch.chdir(tmp_path)
    history = History(tmp_path, chance)
    (now,) = read_desired([history.name])
    told = 0
    for commit in history.commits:
        try:
            base = named_bases([now], commit, [history.name])["acme"]
        except UsageError:  # renamed, and changed too much for git to find it: cannot tell
            assert history.name not in history.git("ls-tree", "--name-only", commit)
            continue
        told += 1
        for _ in range(5):
            compare(base, history.at(commit), now, history.now, chance)
    assert told > len(history.commits) / 2


def compare(base: Base, base_values: Values, now: Desired, now_values: Values, chance: random.Random) -> None:
    live = live_values(chance, base_values, now_values)
    people = [person(ADMIN, "admin"), *(person(email, live[email]) for email in PEOPLE if live[email])]
    settings = {"name": "acme", "displayName": live["displayName"]}
    seen, found = details(base, now, FakeWorkspace.of(people, settings=settings))
    causes = {change.name: found.origins["acme", change.id].cause for change in seen.plan.changes}
    keys = sorted([*PEOPLE, "displayName"])
    wanted = {key: expected(base_values, now_values, live, key) for key in keys}
    assert causes == {key: cause for key, cause in wanted.items() if isinstance(cause, Cause)}, wanted
    assert sorted(found.fine_now["acme"]) == [key for key in keys if wanted[key] == "fine now"]


def test_the_histories_have_every_case() -> None:
    """The random values reach every cell of the table, so that the test above can fail in each."""
    found = set()
    for seed in range(10):
        chance = random.Random(seed)  # noqa: S311 - as above
        for _ in range(20):
            base, now = values(chance), values(chance)
            live = live_values(chance, base, now)
            found |= {expected(base, now, live, key) for key in [*PEOPLE, "displayName"]}
    assert found == {*Cause, "fine now", ""}
