"""The workflows of `examples/ci/github`, from a pull request to the issue about drift, against the emulator."""

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from beamctl.emulator import create_app, load_seed
from tests.ci.fake_github import PULL_REQUEST, TOKEN, FakeGitHub, serving_github
from tests.ci.warm_start import warm_beamctl
from tests.ci.workflow_runner import Job, Runner, evaluate, git
from tests.cli.loopback import Api, serving
from tests.end_to_end.conftest import clean_environment

ROOT = Path(__file__).parents[2]
PLAN, APPLY, DRIFT = (ROOT / "examples" / "ci" / "github" / f"access-{name}.yml" for name in ("plan", "apply", "drift"))
FLEET = ROOT / "examples" / "ci" / "fleet" / "access-drift.yml"
DOCUMENT = """\
version: 1
workspace: acme
members:
  ada@example.com: admin
  grace@example.com: member
  eve@example.com: member
guards:
  maxRemovals: 50%
"""
PLANNER, APPLIER, BY_HAND = "planner-secret", "applier-secret", "bl_ada_key"
SEED = {
    "workspaces": [{"name": "acme"}],
    "users": [
        {"email": "ada@example.com", "apiKey": BY_HAND, "workspaces": {"acme": "admin"}},
        {"email": "grace@example.com", "workspaces": {"acme": "member"}},
        {"email": "eve@example.com", "workspaces": {"acme": "member"}},
    ],
    "serviceAccounts": [
        {"workspace": "acme", "name": name, "role": role, "clientId": name, "clientSecret": secret}
        for name, role, secret in (("planner", "member", PLANNER), ("applier", "admin", APPLIER))
    ],
}
SOURCE = "https://git.example.com/beamctl@0123456789abcdef0123456789abcdef01234567"


@dataclass
class World:
    runner: Runner
    github: FakeGitHub
    api: Api
    repository: Path

    def write(self, text: str, branch: str = "main") -> None:
        git(self.repository, "checkout", "-q", "-B", branch)
        (self.repository / "beamctl.yaml").write_text(text)
        git(self.repository, "add", ".")
        git(self.repository, "commit", "-q", "--allow-empty", "-m", "Change access")

    def pull_request(self, text: str, *, fork: bool = False, author: str = "grace") -> dict[str, Job]:
        base = git(self.repository, "rev-parse", "main")
        self.write(text, "topic")
        git(self.repository, "update-ref", f"refs/pull/{PULL_REQUEST}/merge", "topic")
        git(self.repository, "checkout", "-q", "main")
        head = {"repo": {"full_name": "mallory/access" if fork else "acme/access"}}
        event = {"number": PULL_REQUEST, "base": {"sha": base}, "head": head, "user": {"login": author}}
        file = self.runner.folder / "event.json"
        repository = {"full_name": "acme/access"}
        file.write_text(json.dumps({"pull_request": event | {"base": {"repo": repository}}, "repository": repository}))
        github = {"event": {"number": PULL_REQUEST, "pull_request": event}, "ref": f"refs/pull/{PULL_REQUEST}/merge"}
        return self.runner.run(PLAN, github)

    def merge(self) -> None:
        git(self.repository, "checkout", "-q", "main")
        git(self.repository, "merge", "-q", "--ff-only", "topic")

    def push(self, ref: str = "refs/heads/main", **inputs: str) -> dict[str, Job]:
        return self.runner.run(APPLY, {"ref": ref}, inputs)

    def drift(self) -> Job:
        return self.runner.run(DRIFT, {"ref": "refs/heads/main"})["drift"]

    def adopt(self) -> None:
        """Commit what an administrator's `beamctl drift --patch` says."""
        shell = f"set -o pipefail; {{ {self.runner.beamctl} drift --patch || [ $? = 2 ]; }} | git apply"
        variables = {"BEAMCTL_API_URL": self.api.url, "BL_CLIENT_CREDENTIALS": f"planner:{PLANNER}"}
        env = clean_environment(self.runner.folder) | variables
        subprocess.run(["bash", "-c", shell], cwd=self.repository, env=env, check=True)
        git(self.repository, "commit", "-qam", "Adopt what was changed by hand")

    def changes(self) -> list[str]:
        """The requests that change the workspace."""
        return [call for call in self.api.writes if call != "POST /oauth/token"]

    def by_hand(self, email: str, role: str) -> None:
        headers = {"X-Beamlit-Authorization": f"Bearer {BY_HAND}", "Content-Type": "application/json"}
        headers |= {"X-Beamlit-Workspace": "acme", "Authorization": f"Bearer {BY_HAND}", "X-Blaxel-Workspace": "acme"}
        body = json.dumps({"role": role}).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.api.url}/users/{email}", body, headers, method="PUT"
        )
        urllib.request.urlopen(request).close()  # noqa: S310 - as above


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with warm_beamctl(tmp_path_factory.mktemp("warm")) as command:
        yield command


@pytest.fixture
def world(tmp_path: Path, program: str) -> Iterator[World]:
    load_seed(tmp_path / "emulator.db", SEED)
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "-q")
    with serving(create_app(tmp_path / "emulator.db")) as api, serving_github(FakeGitHub()) as github:
        secrets = {"access-plan": PLANNER, "access": APPLIER}
        names = {"access-plan": "planner", "access": "applier"}
        runner = Runner(
            tmp_path / "runner",
            program,
            repository,
            {
                "BEAMCTL_API_URL": api.url,
                "GITHUB_API_URL": github.url,
                "GITHUB_EVENT_NAME": "pull_request",
                "GITHUB_EVENT_PATH": str(tmp_path / "runner" / "event.json"),
                "GITHUB_REPOSITORY": "acme/access",
                "GITHUB_SERVER_URL": "https://github.example.com",
            },
            {name: {"BL_CLIENT_CREDENTIALS": f"{names[name]}:{secret}"} for name, secret in secrets.items()},
            {"BEAMCTL_SOURCE": SOURCE, "BEAMCTL_MAX_REMOVALS": "50%"},
        )
        made = World(runner, github, api, repository)
        made.write(DOCUMENT)
        yield made


def checked(job: Job) -> Job:
    assert job.succeeded, job.log
    return clean(job)


def clean(job: Job) -> Job:
    for secret in (PLANNER, APPLIER, TOKEN, "Traceback"):
        assert secret not in job.log + job.summary
    return job


def test_what_reviewers_see_in_a_pull_request_is_applied_after_the_merge(world: World) -> None:
    changed = DOCUMENT.replace("  eve@example.com: member\n", "  kim@example.com: viewer\n")
    jobs = world.pull_request(changed)
    assert list(jobs) == ["validate", "plan"]
    checked(jobs["validate"])
    assert "eve@example.com" in checked(jobs["plan"]).summary
    assert world.changes() == []
    (comment,) = world.github.bodies()
    assert comment.startswith("<!-- beamctl:plan:v1 ")
    assert comment.index("eve@example.com") < comment.index("kim@example.com")
    assert "dee@example.com" in checked(world.pull_request(changed.replace("kim", "dee"))["plan"]).summary
    assert len(world.github.bodies()) == 1
    assert "kim@example.com" not in world.github.bodies()[0]

    world.merge()
    jobs = world.push()
    assert jobs["plan"].outputs == {"changes": "true"}
    applied = checked(jobs["apply"])
    assert "remove eve@example.com" in applied.log
    assert len(world.changes()) == len({"an invitation", "a removal"})
    assert applied.names[-1] == "Save the run records"
    assert list(world.push()) == ["plan"]  # nothing to change, so no one is asked
    assert list(world.push("refs/heads/topic")) == []


def test_a_refused_plan_is_commented_and_needs_its_flag(world: World) -> None:
    changed = DOCUMENT.replace("ada@example.com: admin\n", "ada@example.com: admin\n  bob@example.com: admin\n")
    changed = changed.replace("50%", "99%")
    world.write(changed)
    loosened = world.pull_request(changed.replace("  eve@example.com: member\n", "").replace("99%", "100%"))["plan"]
    assert not clean(loosened).succeeded
    assert loosened.names[-1] == "Comment"
    (comment,) = world.github.bodies()
    assert "loosens-guards" in comment
    world.by_hand("grace@example.com", "admin")
    world.write(DOCUMENT)
    world.api.calls.clear()
    for inputs in ({}, {"allow": "removes-admin=* mass-removal=$(touch pwned)"}):
        jobs = world.push(**inputs)
        assert list(jobs) == ["plan"]
        assert not clean(jobs["plan"]).succeeded
    assert world.changes() == []
    jobs = world.push(allow=" removes-admin=grace@example.com ")
    assert "Allowed: removes-admin=grace@example.com" in checked(jobs["apply"]).log
    assert world.changes() == ["PUT /users/grace@example.com"]


def test_the_first_pull_request_has_no_earlier_document(world: World) -> None:
    git(world.repository, "checkout", "-q", "--orphan", "begin")
    git(world.repository, "rm", "-qf", "beamctl.yaml")
    git(world.repository, "commit", "-q", "--allow-empty", "-m", "Begin")
    git(world.repository, "branch", "-qf", "main", "begin")
    git(world.repository, "checkout", "-q", "main")
    assert "eve@example.com" in checked(world.pull_request(DOCUMENT.replace("eve@", "dee@"))["plan"]).summary
    assert len(world.github.bodies()) == 1


def test_forks_and_dependabot_get_no_credential_and_no_plan(world: World) -> None:
    for jobs in (world.pull_request(DOCUMENT, fork=True), world.pull_request(DOCUMENT, author="dependabot[bot]")):
        assert list(jobs) == ["validate"]
        assert "Valid: 1 workspace (acme)." in checked(jobs["validate"]).log
    invalid = world.pull_request(DOCUMENT.replace("admin", "admim"), fork=True)["validate"]
    assert not invalid.succeeded
    assert "'admim' is not one of" in invalid.log
    assert "\n::error file=beamctl.yaml,line=4," in invalid.log
    assert world.api.calls == []
    assert world.github.bodies() == []


@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="needs jq and curl")
def test_drift_keeps_one_issue(world: World) -> None:
    planted = world.github.open("mallory", "<!-- beamctl:drift-issue:v1 digest=sha256:0 -->\n\n**No drift.**")
    assert "none is needed" in checked(world.drift()).log
    world.by_hand("grace@example.com", "admin")
    checked(world.drift())
    (issue,) = world.github.ours()
    number, body = issue["number"], issue["body"]
    assert (issue["title"], issue["state"]) == ("Access drift", "open")
    assert body.startswith("<!-- beamctl:drift-issue:v1 digest=sha256:")
    assert body.splitlines()[2].startswith(
        "**Drift.** [Last check](https://github.example.com/acme/access/actions/runs/"
    )
    assert "grace@example.com" in body

    checked(world.drift())  # the same drift: updated without a notification
    assert world.github.ours() == [issue]
    assert issue["body"] != body
    assert world.github.bodies(number) == []

    world.by_hand("eve@example.com", "admin")
    checked(world.drift())
    assert world.github.bodies(number) == [
        "The drift is different from the last check. See the description of this issue."
    ]

    secrets, world.runner.secrets = world.runner.secrets, {"access-plan": {"BL_CLIENT_CREDENTIALS": "planner:revoked"}}
    failed = world.drift()
    assert not failed.succeeded
    assert issue["state"] == "open"
    assert issue["body"].splitlines()[2].startswith("**The last check failed.** ")
    assert "eve@example.com" in issue["body"]
    world.runner.secrets = secrets

    world.github.drops_updates = True
    assert "did not store the text" in world.drift().log
    world.github.drops_updates = False
    for email in ("grace@example.com", "eve@example.com"):
        world.by_hand(email, "member")
    checked(world.drift())
    assert issue["state"] == "closed"
    assert issue["body"].splitlines()[2].startswith("**No drift.** [Last check](")
    world.by_hand("grace@example.com", "admin")
    checked(world.drift())
    assert (issue["state"], len(world.github.ours()), len(world.github.bodies(number))) == ("open", 1, 1)
    assert world.github.issues[planted]["body"].endswith("**No drift.**")

    world.by_hand("grace@example.com", "member")
    world.write(f"{DOCUMENT}---\nversion: 1\nworkspace: lost\nmembers: {{ada@example.com: admin}}\n")
    assert not clean(world.drift()).succeeded  # no drift is known, but not all could be compared
    assert issue["state"] == "open"
    assert issue["body"].splitlines()[2].startswith("**Not all workspaces could be compared.** [Last check](")
    assert "`lost`" in issue["body"]


@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="needs jq and curl")
def test_from_a_pull_request_to_drift_that_is_adopted(world: World) -> None:
    world.pull_request(DOCUMENT.replace("eve@example.com: member", "eve@example.com: viewer  # reads only"))
    assert "`viewer`" in world.github.bodies()[0]
    world.merge()
    checked(world.push()["apply"])
    assert "none is needed" in checked(world.drift()).log
    world.by_hand("grace@example.com", "admin")
    checked(world.drift())
    (issue,) = world.github.ours()
    assert "changed by hand" in issue["body"]
    world.adopt()
    text = (world.repository / "beamctl.yaml").read_text()
    assert "grace@example.com: admin" in text
    assert "eve@example.com: viewer  # reads only" in text
    assert list(world.push()) == ["plan"]  # nothing to change
    checked(world.drift())
    assert issue["state"] == "closed"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("vars.NOTHING || '25%'", "25%"),
        ("!cancelled() && steps.plan.outputs.digest != ''", True),
        ("github.event.pull_request.user.login != 'dependabot[bot]'", False),
        ("github.ref == 'refs/heads/main' && always()", False),
    ],
)
def test_expressions(expression: str, value: object) -> None:
    contexts: dict[str, Any] = {
        "steps": {"plan": {"outputs": {"digest": "sha256:0"}}},
        "github": {"ref": "refs/heads/topic", "event": {"pull_request": {"user": {"login": "dependabot[bot]"}}}},
    }
    assert evaluate(expression, contexts) == value


def test_the_shards_of_a_fleet_are_compared_and_joined(world: World) -> None:
    world.write(DOCUMENT)
    ran = world.runner.run(FLEET, {"ref": "refs/heads/main"})
    assert (ran["compare"].succeeded, ran["drift"].succeeded) == (True, True), ran["drift"].log
    assert "No drift" in ran["drift"].summary
    world.by_hand("grace@example.com", "admin")
    ran = world.runner.run(FLEET, {"ref": "refs/heads/main"})
    assert (ran["compare"].succeeded, ran["drift"].succeeded) == (True, False)
    assert "grace@example.com" in ran["drift"].summary
    world.write(DOCUMENT.replace("admin", "admim"))
    ran = world.runner.run(FLEET, {"ref": "refs/heads/main"})
    assert (ran["compare"].succeeded, ran["drift"].succeeded) == (False, False)
