"""Reader and sender against the emulator, as a service account that exchanges client credentials for tokens."""

from pathlib import Path

import pytest

from beamctl.api.config import LOCAL_URL, Connection
from beamctl.api.credential import ApiKeyCredential, ClientCredentials, Credential, client_credentials
from beamctl.api.workspace import Options, open_workspace
from beamctl.emulator import KeyKind, as_operator, create_app, load_seed
from beamctl.errors import ForbiddenError, UnauthenticatedError
from beamctl.model.api_call import ApiCall, Method, Response, segment
from beamctl.model.identity import Identity
from beamctl.secrets.redaction import Redactor

SEED = {
    "workspaces": [{"name": "acme"}, {"name": "other"}],
    "users": [
        {"email": "ada@example.com", "workspaces": {"acme": "admin"}, "apiKey": "bl_ada0000000000000000000000000000"}
    ],
    "serviceAccounts": [{"workspace": "acme", "name": "ci", "role": "admin"}],
}


@pytest.fixture
def service(tmp_path: Path) -> tuple[Path, ClientCredentials]:
    database = tmp_path / "emulator.db"
    made = load_seed(database, SEED)
    pair = next(each.key for each in made if each.kind is KeyKind.CLIENT_CREDENTIALS)
    return database, client_credentials(pair, "the seed")


def to(credential: Credential | None) -> Connection:
    return Connection(LOCAL_URL, credential=credential, credential_from="the seed")


def test_a_service_account_reads_and_writes(service: tuple[Path, ClientCredentials]) -> None:
    database, credential = service
    app = create_app(database)
    with open_workspace(to(credential), "acme", Options(redactor=Redactor()), wsgi_app=app) as api:
        assert [user["email"] for user in api.reader().get("/users")] == ["ada@example.com"]
        invited = api.sender().send(ApiCall(Method.POST, "/users", {"email": "zoë@example.com", "role": "member"}))
        assert isinstance(invited, Response)
        assert invited.ok
        path = f"/users/{segment('zoë@example.com')}"
        assert isinstance(removed := api.sender().send(ApiCall(Method.DELETE, path)), Response)
        assert removed.ok
        gone = api.sender().send(ApiCall(Method.DELETE, path))
        assert isinstance(gone, Response)
        assert (gone.status, bool(gone.error)) == (404, True)
        assert api.identity().client_id == credential.id


def test_a_wrong_secret_or_key_is_unauthenticated(service: tuple[Path, ClientCredentials]) -> None:
    database, credential = service
    app = create_app(database)
    wrong = ClientCredentials(credential.id, "canary")
    for bad in (wrong, ApiKeyCredential("bl_canary")):
        with (
            open_workspace(to(bad), "acme", Options(redactor=Redactor()), wsgi_app=app) as api,
            pytest.raises(UnauthenticatedError) as caught,
        ):
            api.reader().get("/users")
        assert "canary" not in caught.value.message


def test_another_workspace_is_forbidden(service: tuple[Path, ClientCredentials]) -> None:
    database, credential = service
    app = create_app(database)
    with (
        open_workspace(to(credential), "other", Options(redactor=Redactor()), wsgi_app=app) as api,
        pytest.raises(ForbiddenError),
    ):
        api.reader().get("/users")


def test_the_operator_needs_no_credential(service: tuple[Path, ClientCredentials]) -> None:
    app = as_operator(create_app(service[0]))
    with open_workspace(to(None), "acme", Options(redactor=Redactor()), wsgi_app=app) as api:
        assert len(api.reader().get("/users")) == 1
        assert api.identity() == Identity()
