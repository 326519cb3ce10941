"""Variables that hold the credential of a single workspace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.cli_config import FileText
from beamctl.api.config import Connection, Era, decide
from beamctl.api.credential import (
    ApiKeyCredential,
    ClientCredentials,
    environment_secrets,
    extended_variables,
    workspace_variables,
)
from beamctl.api.credential_hints import another_credential
from beamctl.api.sources import Sources
from beamctl.errors import UnauthenticatedError, UsageError

KEY, PAIR = "BEAMCTL_API_KEY__ACME_PROD", "BEAMCTL_CLIENT_CREDENTIALS__ACME_PROD"
GENERAL = {
    "BEAMCTL_API_KEY": "general-1",
    "BEAMCTL_CLIENT_CREDENTIALS": "id:general-2",
    "BL_API_KEY": "general-3",
}
FILE = FileText("~/.blaxel/config.yaml", b"workspaces: [{name: acme-prod, credentials: {apiKey: kept}}]")
valid_name = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)


@pytest.mark.parametrize("name", [KEY, PAIR])
def test_the_variable_of_a_workspace_wins_over_all_general_ones(name: str) -> None:
    sources = Sources(environment={**GENERAL, name: "own-id:own-secret"}, files=(FILE,))
    own = ApiKeyCredential("own-id:own-secret") if name == KEY else ClientCredentials("own-id", "own-secret")
    found = decide(sources, "acme-prod")
    assert (found.credential, found.credential_from) == (own, name)
    assert decide(sources, "acme").credential_from == "BEAMCTL_API_KEY"


def test_the_key_wins_over_the_client_credentials_of_a_workspace() -> None:
    assert decide(Sources(environment={KEY: "k", PAIR: "id:secret"}), "acme-prod").credential_from == KEY


def test_the_option_wins_over_the_variable_of_a_workspace() -> None:
    sources = Sources(key_file=FileText("key.txt", b"from-file\n"), environment={KEY: "own"})
    assert decide(sources, "acme-prod").credential == ApiKeyCredential("from-file")


@pytest.mark.parametrize("empty", ["", "\n", "\r\n"])
def test_an_empty_variable_of_a_workspace_is_ignored(empty: str) -> None:
    sources = Sources(environment={**GENERAL, KEY: empty})
    assert decide(sources, "acme-prod").credential_from == "BEAMCTL_API_KEY"
    assert list(extended_variables(sources.environment)) == []


def test_an_invalid_variable_of_a_workspace_is_an_error_that_names_it() -> None:
    with pytest.raises(UsageError, match=rf"^{KEY} contains white space") as caught:
        decide(Sources(environment={**GENERAL, KEY: "canary with spaces"}), "acme-prod")
    assert "canary" not in caught.value.message + caught.value.hint


def test_a_missing_credential_names_the_variables_of_the_workspace() -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        decide(Sources(environment={"BEAMCTL_API_KEY__ACME": "other"}), "acme-prod")
    assert f"Or set {KEY} or {PAIR} for this workspace only." in caught.value.hint


@pytest.mark.parametrize("name", [KEY, "BEAMCTL_API_KEY__A.B", "BEAMCTL_CLIENT_CREDENTIALS__ACME_PROD"])
def test_the_hint_says_to_unset_the_variable(name: str) -> None:
    connection = Connection("https://x/v0", Era.BLAXEL, None, "default", name)
    assert another_credential(connection, "acme-prod") == "unset it to use another one"


@given(st.lists(valid_name, unique=True, max_size=20))
def test_workspaces_of_documents_never_share_a_variable(workspaces: list[str]) -> None:
    names = [name for each in workspaces for name, _ in workspace_variables(each)]
    assert len(set(names)) == len(names) == 2 * len(workspaces)


@pytest.mark.parametrize(
    "name",
    [KEY, PAIR, "BEAMCTL_API_KEY_ACME", "BEAMCTL_API_KEY__", "beamctl_api_key__acme", "BEAMCTL_CLIENT_CREDENTIALS_X"],
)
def test_secrets_of_every_workspace_are_known_even_if_a_name_is_misspelled(name: str) -> None:
    assert "canary-secret" in set(environment_secrets({name: "id:canary-secret"}))
    assert [found for found, _ in extended_variables({name: "x"})] == [name]
