"""beamctl's client against every fault of the emulator, in this process: every fault is noticed, except listings that
are short or empty without any sign of it."""

from pathlib import Path

import pytest

from beamctl.api.config import LOCAL_URL, Connection
from beamctl.api.credential import ApiKeyCredential
from beamctl.api.errors import Timeouts
from beamctl.api.workspace import Options, WorkspaceApi, open_workspace
from beamctl.emulator import FaultKind, create_app, load_seed
from beamctl.errors import ApiError
from beamctl.model.api_call import ApiCall, Method, NoResponse
from beamctl.secrets.redaction import Redactor
from tests.api.fakes import FakeClock
from tests.fakes.faulty_emulator import EVERY_FAULT, FaultyEmulator

KEY = "bl_ada0000000000000000000000000000"
SEED = {
    "workspaces": [{"name": "acme"}],
    "users": [
        {"email": "ada@example.com", "workspaces": {"acme": "admin"}, "apiKey": KEY},
        {"email": "bob@example.com", "workspaces": {"acme": "member"}},
    ],
}
INVITE = ApiCall(Method.POST, "/users", {"email": "zoe@example.com", "role": "member"})
LIES = (FaultKind.EMPTY_LIST.example, FaultKind.SHORT_LIST.example)
DUPLICATE = FaultKind.DUPLICATE.example


@pytest.fixture
def faulty(tmp_path: Path) -> FaultyEmulator:
    load_seed(tmp_path / "plane.db", SEED)
    return FaultyEmulator(create_app(tmp_path / "plane.db"))


def opened(faulty: FaultyEmulator) -> WorkspaceApi:
    connection = Connection(LOCAL_URL, credential=ApiKeyCredential(KEY), credential_from="the seed")
    options = Options(
        Timeouts(read=0.1), clock=FakeClock(), chance=lambda: 1.0, transports=faulty.transport, redactor=Redactor()
    )
    return open_workspace(connection, "acme", options)


@pytest.mark.parametrize("fault", EVERY_FAULT)
def test_a_reader_is_given_the_truth_or_an_error(faulty: FaultyEmulator, fault: str) -> None:
    with opened(faulty) as api:
        faulty.plan(fault)
        try:
            got = api.reader().get("/users")
        except ApiError:
            got = None
        noticed = not isinstance(got, list)  # a value of another type is noticed by its kind's parser
        assert (noticed or len(got) == 2) is (fault not in LIES)
        faulty.plan(f"{fault}@2")
        assert len(api.reader().get("/users")) == 2


@pytest.mark.parametrize("fault", EVERY_FAULT)
def test_a_change_is_asked_for_once_where_it_may_have_been_made(faulty: FaultyEmulator, fault: str) -> None:
    with opened(faulty) as api:
        faulty.plan(f"{fault}@1")
        answer = api.sender().send(INVITE)
        asked = [entry for entry in faulty.log.entries() if entry.method == "POST"]
        faulty.plan()
        made = len(api.reader().get("/users")) == 3
        if isinstance(answer, NoResponse):
            assert len(asked) == 1
        else:
            assert made
            assert answer.ok is (fault != DUPLICATE)
