"""Each example is valid, and can be planned and applied to a workspace with one admin."""

import re
from pathlib import Path

import pytest

from beamctl.api.config import LOCAL
from beamctl.api.workspace import Options, open_workspace
from beamctl.document.desired import Desired
from beamctl.document.load import SourceText
from beamctl.emulator import as_operator, create_app, load_seed
from beamctl.model.api_call import NoResponse, Response
from beamctl.model.secret import ReadSecret, StoreSecret
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Risk
from beamctl.secrets.redaction import Redactor
from beamctl.workflow.documents import validate
from tests.fakes.one_workspace import plan
from tests.fakes.runs import TODAY, all_done, apply_through


class AnySecret:
    """A vault that has every secret."""

    def deliver(self, secret: StoreSecret) -> Response | NoResponse:  # noqa: ARG002 - as the port has it
        return Response(200, "its place")

    def fetch(self, secret: ReadSecret) -> Response | NoResponse:
        return Response(200, f"made up for {secret.source}")


FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = [*sorted(FOLDER.glob("*.yaml")), FOLDER / "ci" / "kubernetes" / "acme.yaml", FOLDER / "access"]
HEAD = re.compile(r"# yaml-language-server: \$schema=(.*)")


def files_of(path: Path) -> list[Path]:
    return sorted(path.rglob("*.yaml")) if path.is_dir() else [path]


def wanted(path: Path) -> tuple[Desired, ...]:
    checked = validate([SourceText(each.name, each.read_bytes()) for each in files_of(path)])
    assert checked.problems == checked.warnings == ()
    return checked.desired


def test_examples_are_found() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_is_valid_and_can_be_applied(path: Path, tmp_path: Path) -> None:
    texts = {each: each.read_text() for each in files_of(path)}
    for each, text in texts.items():
        head = HEAD.match(text)
        assert head is not None
        assert (each.parent / head.group(1)).resolve().is_file()
    for want in wanted(path):
        app = create_app(tmp_path / "emulator.db")
        has_ada = any("ada" in text for text in texts.values())
        people = [{"email": "ada@example.com", "workspaces": {want.workspace: "admin"}}]
        seed = {
            "workspaces": [{"name": want.workspace}],
            "users": people if has_ada else [],
        }
        load_seed(tmp_path / "emulator.db", seed)
        with open_workspace(LOCAL, want.workspace, Options(redactor=Redactor()), wsgi_app=as_operator(app)) as api:
            first = plan(want, api.reader(), Situation(TODAY, "local"))
            assert first.changes
            assert {hazard.risk for hazard in first.hazards} <= {Risk.LIVE_EMPTY}
            assert all_done(apply_through(first, api.reader(), api.sender(), vault=AnySecret()))
            assert plan(want, api.reader(), Situation(TODAY, "local")).changes == ()
        (tmp_path / "emulator.db").unlink()
