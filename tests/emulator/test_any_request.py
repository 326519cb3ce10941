"""Requests that nobody here wrote: schemathesis makes them from the emulator's own OpenAPI document, right ones and
wrong ones, and checks each answer against it. Whoever calls, whatever is sent: no 5xx, and no status, no type and no
body that the document does not tell."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import allow_header_conformance, negative_data_rejection

from beamctl.emulator import BehaviorFlag, openapi_document
from beamctl.emulator.pagination import has_pages
from tests.emulator.world import CONTRACTS, RESOURCES, World, body_of

ALIKE = "^/(agents|functions|jobs|sandboxes)"
"""These are lines of one table, as are the models, which stay: once is enough."""

REAL = {
    "name": "acme",
    "who": "late@example.com",
    "client_id": "cid",
    "key_id": "ak_1",
    "resource_name": "a",
    "key": "mk3",
}
"""What a variable part of a path may be, so that something is there."""

CALLERS: Mapping[str, dict[str, str]] = {
    "admin": {"X-Blaxel-Authorization": "Bearer bl_ada"},
    "member": {"Authorization": "Bearer bl_max"},
    "service account": {"Api-Key": "bl_ci"},
    "admin of the Beamlit era": {"X-Beamlit-Api-Key": "bl_alan"},
    "invitee": {"X-Blaxel-Api-Key": "bl_ivy"},
    "stranger": {"X-Blaxel-Authorization": "Bearer bl_sam"},
    "nobody": {},
}


def described(**phases: bool) -> Any:
    """The API as its document describes it, with these phases of schemathesis and no other."""
    every = {"examples": False, "coverage": False, "fuzzing": False, "stateful": False, **phases}
    config = {
        "seed": 7,
        "generation": {
            "deterministic": True,
            "max-examples": 10,
            "database": "none",
            "with-security-parameters": False,
        },
        "phases": {name: {"enabled": enabled} for name, enabled in every.items()},
        "checks": {
            # What its schema takes may be refused all the same: a reserved word, a cursor that is none.
            "positive_data_acceptance": {"enabled": False},
            # It calls as others than ours; what those without a credential get is checked below.
            "ignored_auth": {"enabled": False},
        },
    }
    whole = schemathesis.openapi.from_dict(openapi_document(), config=SchemathesisConfig.from_dict(config))
    return whole.exclude(path_regex=ALIKE)


class Planes:
    """Two control planes, without behavior flags and with all of them. Each can be restored to how it began."""

    def __init__(self, folder: Path) -> None:
        self.worlds = [World(folder / "plain.db"), World(folder / "flags.db", frozenset(BehaviorFlag))]
        self.before = [_filled(world) for world in self.worlds]

    def restore(self) -> None:
        for world, before in zip(self.worlds, self.before, strict=True):
            with closing(sqlite3.connect(world.db)) as rows:
                before.backup(rows)

    def close(self) -> None:
        for before in self.before:
            before.close()


def _filled(world: World) -> sqlite3.Connection:
    """A copy of its rows, after there is one object of each kind."""
    for path in RESOURCES:
        assert world.call("ada", "POST", path, body_of(path, "a"), {"X-Beamlit-Workspace": "acme"}).status_code == 200
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with closing(sqlite3.connect(world.db)) as rows:
        rows.execute("UPDATE api_key SET id = ? WHERE client_id = ?", (REAL["key_id"], REAL["client_id"]))
        rows.commit()
        rows.backup(copy)
    return copy


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planes]:
    made = Planes(tmp_path_factory.mktemp("planes"))
    yield made
    made.close()


def ask(planes: Planes, case: Case[Any], headers: Mapping[str, str], *, flagged: bool = False) -> Response:
    """The answer, which is what the document tells, or the test fails."""
    answer = case.call(headers=dict(headers), app=planes.worlds[flagged].app)
    case.validate_response(answer, excluded_checks=excluded(case, flagged=flagged))
    if answer.status_code == 200 and case.method != "GET":
        planes.restore()
    return answer


def excluded(case: Case[Any], *, flagged: bool) -> list[Any]:
    """The checks that do not hold for this request, for a reason."""
    found: list[Any] = []
    paged = bool(CONTRACTS[f"{case.operation.method.upper()} {rule(case)}"].page_schema)
    if flagged or (paged and not has_pages(case.headers.get("Blaxel-Version"))):
        found.append(negative_data_rejection)  # what is not read may be anything
    if case.operation.path == "/workspaces/availability":
        found.append(allow_header_conformance)  # it is also the path of a workspace that may have this name
    return found


def rule(case: Case[Any]) -> str:
    rules = (contract.rule for contract in CONTRACTS.values())
    wanted = case.operation.path.replace("{", "<").replace("}", ">")
    return next(found for found in rules if found.replace("<path:", "<") == wanted)


COVERED = described(coverage=True)
FUZZED = described(fuzzing=True)
UNDISTURBED = settings(suppress_health_check=list(HealthCheck), deadline=None)


@COVERED.parametrize()  # type: ignore[untyped-decorator] # schemathesis tells no types here
@UNDISTURBED
def test_every_bound_and_every_wrong_type(case: Case[Any], planes: Planes) -> None:
    assert case.meta
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        case.path_parameters.update({name: REAL[name] for name in case.path_parameters})
    ask(planes, case, {**CALLERS["admin"], "X-Blaxel-Workspace": "acme"})


@FUZZED.parametrize()  # type: ignore[untyped-decorator] # as above
@FUZZED.given(caller=st.sampled_from(sorted(CALLERS)), real=st.booleans(), flagged=st.booleans())  # type: ignore[untyped-decorator] # as above
@UNDISTURBED
def test_anybody_may_send_anything(case: Case[Any], planes: Planes, caller: str, *, real: bool, flagged: bool) -> None:
    headers = CALLERS[caller]
    if real:
        case.path_parameters.update({name: REAL[name] for name in case.path_parameters})
        headers = {**headers, "X-Blaxel-Workspace": "acme"}
    answer = ask(planes, case, headers, flagged=flagged)
    assert answer.status_code != 200 or caller != "nobody" or not case.operation.definition.raw["security"]


@pytest.mark.parametrize("paths", ["^/(workspaces|users|service_accounts)", "^/(policies|integrations|models)"])
def test_what_was_made_can_be_used_until_it_is_deleted(planes: Planes, paths: str) -> None:
    api = described(stateful=True).include(path_regex=paths)

    class Story(api.as_state_machine()):  # type: ignore[misc] # a class made from the document
        def setup(self) -> None:
            planes.restore()

        def get_call_kwargs(self, _case: Case[Any]) -> dict[str, Any]:
            headers = {**CALLERS["admin"], "X-Blaxel-Workspace": "acme", "X-Beamlit-Workspace": "acme"}
            return {"headers": headers, "app": planes.worlds[0].app}

        def validate_response(self, response: Response, case: Case[Any], *_: Any, **_more: Any) -> None:
            case.validate_response(response, excluded_checks=excluded(case, flagged=False), recorder=self.recorder)

    Story.run(settings=settings(Story.TestCase.settings, max_examples=15, stateful_step_count=6, derandomize=True))
