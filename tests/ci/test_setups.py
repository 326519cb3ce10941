"""The other CI set-ups: GitLab, cron, Kubernetes, the action, the hooks and the image. `.ci/lint` checks their form."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from beamctl.emulator import create_app, load_seed
from tests.ci.warm_start import warm_beamctl
from tests.ci.workflow_runner import filled, git
from tests.cli.loopback import serving
from tests.end_to_end.conftest import clean_environment

ROOT = Path(__file__).parents[2]
GITLAB = yaml.safe_load((ROOT / "examples/ci/gitlab/.gitlab-ci.yml").read_text())
FLEET = yaml.safe_load((ROOT / "examples/ci/fleet/.gitlab-ci.yml").read_text())
SHARDS = list(yaml.safe_load_all((ROOT / "examples/ci/kubernetes/drift-shards.yaml").read_text()))
CRON = ROOT / "examples/ci/cron/beamctl-drift"
CRONJOB = yaml.safe_load((ROOT / "examples/ci/kubernetes/drift.yaml").read_text())
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
KEY = "bl_canary_of_ada"
DOCUMENT = """\
version: 1
workspace: acme
members:
  ada@example.com: admin
  grace@example.com: member
  eve@example.com: member
guards: {maxRemovals: 50%}
"""
SEED = {
    "workspaces": [{"name": "acme"}],
    "users": [
        {"email": "ada@example.com", "apiKey": KEY, "workspaces": {"acme": "admin"}},
        {"email": "grace@example.com", "workspaces": {"acme": "member"}},
        {"email": "eve@example.com", "workspaces": {"acme": "member"}},
    ],
}


@dataclass
class Machine:
    """Attributes:
    folder: The current directory.
    environment: The environment of every script.
    """

    folder: Path
    environment: dict[str, str]

    def run(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        ran = subprocess.run(
            words,
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert KEY not in ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr
        return ran

    def members(self, document: str) -> None:
        (self.folder / "beamctl.yaml").write_text(document)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with warm_beamctl(tmp_path_factory.mktemp("warm")) as command:
        yield command


@pytest.fixture
def machine(tmp_path: Path, program: str) -> Iterator[Machine]:
    load_seed(tmp_path / "emulator.db", SEED)
    for name in ("bin", "home", "work"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin/beamctl").write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    (tmp_path / "bin/beamctl").chmod(0o755)
    (tmp_path / "key").write_text(KEY)
    with serving(create_app(tmp_path / "emulator.db")) as api:
        path = f"{tmp_path / 'bin'}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin"
        environment = clean_environment(tmp_path / "home") | {"BEAMCTL_API_URL": api.url, "PATH": path}
        made = Machine(tmp_path / "work", environment)
        git(made.folder, "init", "-q")
        made.members(DOCUMENT)
        git(made.folder, "add", ".")
        git(made.folder, "commit", "-q", "-m", "Begin")
        yield made


def gitlab(machine: Machine, job: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the script of a job as GitLab's runner does: its lines in one bash."""
    script = "\n".join(["set -eo pipefail", *GITLAB[job]["script"]])
    base = git(machine.folder, "rev-parse", "HEAD")
    key = {} if job == "validate" else {"BEAMCTL_API_KEY": KEY}
    return machine.run("bash", "-c", script, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, GITLAB_CI="true", **key, **variables)


def script_of(*jobs: str) -> str:
    return "\n".join(line for job in jobs for line in GITLAB[job]["script"])


def test_gitlab_validates_without_a_credential(machine: Machine) -> None:
    assert gitlab(machine, "validate").returncode == 0
    machine.members(DOCUMENT.replace("admin", "admim"))
    assert gitlab(machine, "validate").returncode == 3


def test_gitlab_applies_the_plan_of_the_job_before(machine: Machine) -> None:
    machine.members(DOCUMENT.replace("  eve@example.com: member\n", ""))
    assert gitlab(machine, "plan").returncode == 0
    assert {"terraform.json", "codequality.json", "plan.md"} <= {path.name for path in machine.folder.iterdir()}
    assert gitlab(machine, "drift").returncode == 2
    assert "eve@example.com" in (machine.folder / "drift.xml").read_text()
    machine.members(
        DOCUMENT.replace("  eve@example.com: member\n", "").replace("ada@example.com: admin", "ada@example.com: member")
    )
    assert gitlab(machine, "plan").returncode == 5
    assert gitlab(machine, "plan-to-apply").returncode == 5
    machine.members(DOCUMENT.replace("grace@example.com: member", "grace@example.com: admin"))
    assert gitlab(machine, "plan-to-apply").returncode == 0
    applied = gitlab(machine, "apply")
    assert applied.returncode == 0, applied.stderr
    assert "Applied to acme: 1 done." in applied.stdout
    machine.members(DOCUMENT)
    assert gitlab(machine, "plan-to-apply").returncode == 5
    allowed = gitlab(machine, "plan-to-apply", ALLOW="removes-admin=grace@example.com")
    assert allowed.returncode == 0, allowed.stderr
    assert gitlab(machine, "drift").returncode == 2


def test_only_apply_has_the_protected_environment() -> None:
    environments = {job: GITLAB[job].get("environment") for job in GITLAB if "script" in GITLAB[job]}
    assert environments.pop("apply") == "access"
    assert environments.pop("validate") is None
    assert {each["name"] for each in environments.values()} == {"access-plan"}


def test_cron_reports_each_drift_once(machine: Machine) -> None:
    clone = machine.folder.with_name("clone")
    git(machine.folder, "clone", "-q", ".", str(clone))

    def check(document: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        machine.members(document)
        git(machine.folder, "commit", "-q", "--allow-empty", "-a", "-m", "Change access")
        key = {"BEAMCTL_KEY_FILE": str(machine.folder.with_name("key"))}
        return machine.run("sh", str(CRON), str(clone), **key, **variables)

    assert (check(DOCUMENT).stdout, check(DOCUMENT).returncode) == ("", 0)
    one = DOCUMENT.replace("grace@example.com: member", "grace@example.com: admin")
    assert "grace@example.com" in check(one).stdout
    assert check(one).stdout == ""
    assert "eve@example.com" in check(one.replace("eve@example.com: member", "eve@example.com: viewer")).stdout
    failed = check(DOCUMENT, BEAMCTL_API_URL="http://127.0.0.1:9/v0")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "No drift." in check(DOCUMENT).stdout
    assert check(DOCUMENT).stdout == ""
    assert machine.run("sh", str(CRON)).stderr.strip().endswith("Usage: beamctl-drift CHECKOUT")


POD = CRONJOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_the_kubernetes_job_reads_documents_from_a_config_map(machine: Machine) -> None:
    """A volume of a ConfigMap consists of links into a hidden folder."""
    version = machine.folder / "access" / "..2026_11_30"
    version.mkdir(parents=True)
    (version / "acme.yaml").write_text(DOCUMENT)
    (machine.folder / "access" / "..data").symlink_to("..2026_11_30")
    (machine.folder / "access" / "acme.yaml").symlink_to("..data/acme.yaml")
    arguments = [
        each.replace("/credential/api-key", str(machine.folder.with_name("key")))
        for each in POD["containers"][0]["args"]
    ]
    assert machine.run("beamctl", *arguments).returncode == 0
    (version / "acme.yaml").write_text(DOCUMENT.replace("grace@example.com: member", "grace@example.com: admin"))
    assert machine.run("beamctl", *arguments).returncode == 2


def fleet(machine: Machine) -> "subprocess.CompletedProcess[str]":
    """Run the jobs of the pipeline, each in a directory with what GitLab puts there."""
    count = FLEET["compare"]["parallel"]
    for index in range(1, count + 1):
        variables = {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(count), "BEAMCTL_API_KEY": KEY}
        script = "\n".join(["set -eo pipefail", *FLEET["compare"]["script"]])
        assert machine.run("bash", "-c", script, **variables).returncode == 0
    return machine.run("bash", "-ec", "\n".join(FLEET["drift"]["script"]))


def test_gitlab_compares_the_shards_of_a_fleet(machine: Machine) -> None:
    joined = fleet(machine)
    assert (joined.returncode, "No drift." in joined.stdout) == (0, True), joined.stderr
    machine.members(DOCUMENT.replace("grace@example.com: member", "grace@example.com: admin"))
    assert fleet(machine).returncode == 2
    assert "grace@example.com" in (machine.folder / "drift.md").read_text()
    (machine.folder / "reports" / "3.json").unlink()
    missing = machine.run("bash", "-ec", "\n".join(FLEET["drift"]["script"]))
    assert (missing.returncode, "have no report in reports: 3" in missing.stderr) == (1, True)


def test_kubernetes_compares_the_shards_of_a_fleet(machine: Machine) -> None:
    claim, compare, drift = SHARDS
    assert claim["kind"] == "PersistentVolumeClaim"
    job = compare["spec"]["jobTemplate"]["spec"]
    (pod,), (joining,) = (
        each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"] for each in (compare, drift)
    )
    assert [each["value"] for each in pod["env"]] == [str(job["completions"])]
    reports = machine.folder.with_name("reports")
    places = (("/reports/", f"{reports}/"), ("/credential/api-key", str(machine.folder.with_name("key"))))

    def run(container: dict[str, Any], **variables: str) -> "subprocess.CompletedProcess[str]":
        (script,) = container["args"]
        for name, place in places:
            script = script.replace(name, place)
        return machine.run(*container["command"], script, **variables)

    (machine.folder / "access").mkdir()
    document = machine.folder / "access" / "acme.yaml"
    for text, code in ((DOCUMENT, 0), (DOCUMENT.replace("grace@example.com: member", "grace@example.com: admin"), 2)):
        document.write_text(text)
        for index in range(job["completions"]):
            ran = run(pod, JOB_COMPLETION_INDEX=str(index), SHARDS="4")
            assert ran.returncode == 0, ran.stderr
        joined = run(joining)
        assert joined.returncode == code, joined.stderr
    document.write_text(DOCUMENT.replace("admin", "admim"))
    assert run(pod, JOB_COMPLETION_INDEX="0", SHARDS="4").returncode == 3
    (day,) = reports.iterdir()
    (day / "2.json").unlink()
    assert run(joining).returncode == 1


def test_the_kubernetes_job_has_no_rights_it_does_not_need() -> None:
    (container,) = POD["containers"]
    assert POD["automountServiceAccountToken"] is False
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert all(mount["readOnly"] for mount in container["volumeMounts"])


def action(machine: Machine, tmp_path: Path, **inputs: str) -> "subprocess.CompletedProcess[str]":
    """Run the step `run` of the action with these inputs, with the program where the step before installs it."""
    (step,) = (each for each in ACTION["runs"]["steps"] if each.get("id") == "run")
    given = {name: each.get("default", "") for name, each in ACTION["inputs"].items()} | inputs
    variables = {name: filled(text, {"inputs": given}) for name, text in step["env"].items()}
    installed = tmp_path / "temp" / "beamctl" / "bin"
    installed.mkdir(parents=True, exist_ok=True)
    (installed / "beamctl").unlink(missing_ok=True)
    (installed / "beamctl").symlink_to(tmp_path / "bin" / "beamctl")
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        Path(file).touch()
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return machine.run(*bash, GITHUB_ACTIONS="true", RUNNER_TEMP=str(tmp_path / "temp"), **files, **variables)


def test_the_action_validates_the_named_documents(machine: Machine, tmp_path: Path) -> None:
    assert action(machine, tmp_path, command="validate").returncode == 0
    (machine.folder / "one document.yaml").write_text(DOCUMENT.replace("admin", "admim"))
    both = action(machine, tmp_path, command="validate", files="beamctl.yaml\none document.yaml\n")
    assert both.returncode == 3
    assert "one document.yaml" in both.stdout
    for hostile in ("apply", "validate; touch pwned", "$(touch pwned)", ""):
        assert action(machine, tmp_path, command=hostile).returncode == 3
    assert action(machine, tmp_path, command="validate", files='"; touch pwned; "\n$(touch pwned)').returncode == 3
    assert not (machine.folder / "pwned").exists()


def test_the_action_plans_and_has_outputs(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(machine.environment, "BEAMCTL_API_KEY", KEY)
    machine.members(DOCUMENT.replace("grace@example.com: member", "grace@example.com: admin"))
    ran = action(machine, tmp_path, arguments="--detailed-exitcode")
    assert ran.returncode == 2, ran.stderr
    written = dict(line.split("=", 1) for line in (tmp_path / "GITHUB_OUTPUT").read_text().splitlines())
    declared = {re.findall(r"steps\.run\.outputs\.(\w+)", each["value"])[0] for each in ACTION["outputs"].values()}
    assert declared == set(ACTION["outputs"]) <= written.keys()
    assert written["changes"] == "true"


def test_the_hooks_check_the_default_documents() -> None:
    for hook in HOOKS:
        assert hook["entry"] == "beamctl validate"
        for file in ("beamctl.yaml", "access/acme.yml", "access/teams/core.yaml", "access/acme.json"):
            assert re.search(hook["files"], file)
        for file in ("docker-compose.yaml", "src/access/x.yaml", "access/README.md", "xbeamctl.yaml"):
            assert not re.search(hook["files"], file)
    one, all_ = HOOKS
    assert one["require_serial"] is True
    assert all_["pass_filenames"] is False


def every_action(data: Any) -> Iterator[str]:
    match data:
        case {"uses": str(named), **rest}:
            yield named
            yield from every_action(rest)
        case dict():
            yield from (each for value in data.values() for each in every_action(value))
        case list():
            yield from (each for value in data for each in every_action(value))
        case _:
            pass


def test_actions_and_images_are_pinned() -> None:
    files = [*(ROOT / "examples/ci/github").glob("*.yml"), ROOT / "action.yml"]
    named = {each for file in files for each in every_action(yaml.safe_load(file.read_text()))}
    assert named
    assert all(re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", each) for each in named)
    assert len({each.replace("/restore", "").replace("/save", "") for each in named}) == len(
        {each.split("@")[0].split("/")[1] for each in named}
    )  # one version of each
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:[\d.]+-slim@sha256:[0-9a-f]{64}", images[0])


def test_the_image_is_built_from_what_it_may_see_and_runs_as_a_user() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word for line in re.findall(r"^COPY ([^-].*)", DOCKERFILE, re.MULTILINE) for word in shlex.split(line)[:-1]
    }
    assert copied == allowed
    assert re.findall(r"^USER (.*)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert POD["securityContext"]["runAsUser"] == 10001
