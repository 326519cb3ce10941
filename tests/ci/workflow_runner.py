"""Runs the jobs of a GitHub workflow as the platform does: expressions, environments, artifacts, caches, and every step
that has `run:` in bash. The few actions that the examples use are modeled on local directories."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.end_to_end.conftest import clean_environment

Json = Mapping[str, Any]

_TOKEN = re.compile(r"'[^']*'|[A-Za-z_][\w.-]*(?:\(\))?|&&|\|\||[!=]=|[!()]|\s+|\d+")
_WORDS = {
    "&&": " and ",
    "||": " or ",
    "!": " not ",
    "always()": "True",
    "success()": "True",
    "cancelled()": "False",
    "false": "False",
}
_RUNNERS_FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")


def evaluate(expression: str, contexts: Json) -> Any:
    """The value of an expression: contexts, strings, comparisons, `!`, `&&`, `||`, `always()` and `cancelled()`."""
    pieces = []
    for token in _TOKEN.findall(expression):
        known = token[0] in "'()=! \n" or token.isdigit()
        pieces.append(_WORDS.get(token) or (token if known else f"get({token!r})"))
    assert "".join(_TOKEN.findall(expression)) == expression, f"not understood: {expression}"

    def get(path: str) -> Any:
        value: Any = contexts
        for name in path.split("."):
            value = value.get(name, "") if isinstance(value, Mapping) else ""
        return value

    return eval(" ".join("".join(pieces).split()), {"get": get, "__builtins__": {}})  # noqa: S307 - our files


def unwrapped(condition: str) -> str:
    """A condition without `${{ }}`, which is optional around it."""
    return condition.strip().removeprefix("${{").removesuffix("}}").strip()


def filled(text: object, contexts: Json) -> str:
    """A text with its expressions replaced by their values."""

    def value(found: re.Match[str]) -> str:
        result = evaluate(found[1].strip(), contexts)
        return str(result).lower() if isinstance(result, bool) else str(result)

    return re.sub(r"\$\{\{(.*?)\}\}", value, str(text), flags=re.DOTALL)


@dataclass
class Job:
    """A job that ran.

    Attributes:
        succeeded: Whether every step did.
        outputs: Its outputs.
        log: What its steps printed.
        summary: The step summary.
        names: The names of the steps that ran.
    """

    succeeded: bool = True
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    names: list[str] = field(default_factory=list)


@dataclass
class Runner:
    """Attributes:
    folder: An empty directory.
    beamctl: The command that starts beamctl.
    repository: A git repository.
    variables: The environment of every step.
    secrets: By environment, its secrets.
    settings: The variables of the organization.
    """

    folder: Path
    beamctl: str
    repository: Path
    variables: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    runs: int = 0

    def __post_init__(self) -> None:
        for name in ("bin", "cache", "home"):
            (self.folder / name).mkdir(parents=True)
        self._program("beamctl", f'exec {self.beamctl} "$@"')
        self._program("pip", 'case "$*" in *" beamctl @ git+https://"*@[0-9a-f]*) ;; *) echo "pip $*"; exit 1 ;; esac')

    def _program(self, name: str, text: str) -> None:
        (self.folder / "bin" / name).write_text(f"#!/bin/bash\n{text}\n")
        (self.folder / "bin" / name).chmod(0o755)

    def run(self, workflow: Path, github: Json, inputs: Json | None = None) -> dict[str, Job]:
        """Run a workflow. Jobs are skipped as on the platform; a failed one makes those that need it skipped."""
        data = yaml.safe_load(workflow.read_text())
        self.runs += 1
        known = {"repository": "acme/access", "token": "the-token", "run_id": self.runs, "run_attempt": 1}
        needs: dict[str, Json] = {}
        contexts = {"github": {**known, **github}, "vars": self.settings, "inputs": inputs or {}, "needs": needs}
        contexts |= {"runner": {"temp": str(self.folder / "temp")}}
        ended: dict[str, Job] = {}
        for name, job in data["jobs"].items():
            needed = [job["needs"]] if "needs" in job else []
            condition = job.get("if", "success()")
            ready = "cancelled()" in condition or all(each in ended and ended[each].succeeded for each in needed)
            if ready and evaluate(unwrapped(condition), contexts):
                own = {**contexts, "secrets": self.secrets.get(job.get("environment", ""), {})}
                ended[name] = self._jobs(job, own)
                needs[name] = {"outputs": ended[name].outputs}
        return ended

    def _jobs(self, job: Json, contexts: Json) -> Job:
        """A job, or all jobs of its matrix, which has one variable."""
        matrix = job.get("strategy", {}).get("matrix")
        if matrix is None:
            return self._job(job, contexts)
        assert job["strategy"]["fail-fast"] is False
        ((variable, values),) = matrix.items()
        whole = Job()
        for value in values:
            strategy = {"job-total": len(values)}
            ran = self._job(job, {**contexts, "matrix": {variable: value}, "strategy": strategy})
            whole.succeeded &= ran.succeeded
            whole.log += ran.log
            whole.names += ran.names
        return whole

    def _job(self, job: Json, contexts: Json) -> Job:
        ran = Job()
        for name in ("work", "temp", "files"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()
        steps: dict[str, Any] = {}
        contexts = {**contexts, "steps": steps}
        common = {name: filled(value, contexts) for name, value in job.get("env", {}).items()}
        for number, step in enumerate(job["steps"]):
            condition = step.get("if", "always()" if ran.succeeded else "false")
            runs_after_failure = "always()" in condition or "cancelled()" in condition
            if not (ran.succeeded or runs_after_failure) or not evaluate(unwrapped(condition), contexts):
                continue
            ran.names.append(step.get("name", step.get("uses", "")))
            if "uses" in step:
                given = {name: filled(value, contexts) for name, value in step.get("with", {}).items()}
                self._action(step["uses"].partition("@")[0], given, contexts["github"])
                continue
            files = {name: self.folder / "files" / f"{name}-{number}" for name in _RUNNERS_FILES}
            for file in files.values():
                file.touch()
            own = {name: filled(value, contexts) for name, value in step.get("env", {}).items()}
            ended = self._bash(step["run"], {**common, **own, **{name: str(file) for name, file in files.items()}})
            ran.log += ended.stdout
            ran.summary += files["GITHUB_STEP_SUMMARY"].read_text()
            lines = files["GITHUB_OUTPUT"].read_text().splitlines()
            steps[step.get("id", str(number))] = {"outputs": dict(line.split("=", 1) for line in lines)}
            ran.succeeded &= ended.returncode == 0
        ran.outputs = {name: filled(value, contexts) for name, value in job.get("outputs", {}).items()}
        return ran

    def _bash(self, script: str, own: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        file = self.folder / "files" / "script.sh"
        file.write_text(script)
        home = self.folder / "home"
        path = f"{self.folder / 'bin'}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin"
        ours = {"GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(self.folder / "temp"), "PATH": path}
        ours |= {"GITHUB_WORKSPACE": str(self.folder / "work"), "GITHUB_RUN_ID": str(self.runs)}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)],
            cwd=self.folder / "work",
            env={**clean_environment(home), **self.variables, **ours, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )

    def _action(self, name: str, given: Mapping[str, str], github: Json) -> None:
        work, cache = self.folder / "work", self.folder / "cache"
        match name:
            case "actions/checkout":
                assert given["persist-credentials"] == "False"
                source = f"file://{self.repository}"
                depth = [] if given.get("fetch-depth") == "0" else ["--depth=1"]
                git(work, "init", "-q")
                refs = ("+refs/heads/*:refs/remotes/origin/*", f"+{github['ref']}:refs/heads/checked-out")
                git(work, "fetch", "-q", *depth, source, *refs)
                git(work, "checkout", "-q", "--detach", "checked-out")
            case "actions/setup-python":
                pass
            case "actions/cache/restore":
                found = sorted(cache.glob(f"{given['restore-keys']}*"), key=lambda path: path.stat().st_mtime_ns)
                if found:
                    shutil.copytree(found[-1], work / given["path"])
            case "actions/cache/save":
                if (work / given["path"]).exists():
                    shutil.copytree(work / given["path"], cache / given["key"])
            case "actions/upload-artifact":
                self._upload(given)
            case "actions/download-artifact":
                pattern = given["pattern"] if given.get("merge-multiple") == "True" else given["name"]
                for each in sorted(self.folder.glob(f"artifact-{self.runs}-{pattern}")):
                    shutil.copytree(each, given["path"], dirs_exist_ok=True)
            case _:
                raise AssertionError(f"no model of {name}")

    def _upload(self, given: Mapping[str, str]) -> None:
        if given.get("if-no-files-found") == "ignore" and not Path(given["path"]).exists():
            return
        target = self.folder / f"artifact-{self.runs}-{given['name']}"
        target.mkdir()  # a name is used only once in a run
        shutil.copy(given["path"], target)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]
    ran = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True, env=_git_environment()
    )
    return ran.stdout.strip()


def _git_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
