"""Every variant of the files that the official CLIs leave behind, as they write them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from beamctl.api.cli_config import FileText
from beamctl.api.config import decide, default_workspace
from beamctl.api.credential import ApiKeyCredential, ClientCredentials, Credential, LoginTokens
from beamctl.api.sources import Sources, collect_sources
from beamctl.errors import UnauthenticatedError
from tests.api.fakes import Script, opened, reply
from tests.api.test_config import BEAMLIT, BLAXEL, CANARY, PAIR

KEY = ApiKeyCredential(f"bl_{CANARY}")
LOGIN = LoginTokens("access-0", "refresh-0", "device-0")
CLIENT = ClientCredentials("id-1", CANARY)
PROD, DEV, HERE = "https://api.blaxel.ai/v0", "https://api.blaxel.dev/v0", "http://localhost:8080/v0"

API_KEY = f'apiKey: "bl_{CANARY}"'
TOKENS = "access_token: access-0\n    refresh_token: refresh-0\n    expires_in: 7200\n    device_code: device-0"
SERVICE = f'client_credentials: "{PAIR}"'


def blaxel(credentials: str, name: str = "acme", identifier: str = "", env: str = "") -> str:
    """As the CLI of the Blaxel era formats it: keys without a value are left out."""
    more = f"  id: {identifier}\n" if identifier else ""
    stage = f'  env: "{env}"\n' if env else ""
    entry = f"- name: {name}\n{more}  credentials:\n    {credentials}\n{stage}"
    return f"context:\n  workspace: {name}\nworkspaces:\n{entry}tracking: false\n"


def beamlit(  # noqa: PLR0913 - one argument per field of the file
    *,
    key_name: str = "apiKey",
    key: str = '""',
    access: str = '""',
    refresh: str = '""',
    lifetime: str = "0",
    device: str = '""',
    client: str = '""',
    context: str = 'context:\n    workspace: acme\n    environment: ""\n',
    env: str = "",
) -> str:
    """As the CLI of the Beamlit era marshals it: keys without a value are present."""
    return (
        f"{context}workspaces:\n    - name: acme\n      credentials:\n        {key_name}: {key}\n"
        f"        access_token: {access}\n        refresh_token: {refresh}\n        expires_in: {lifetime}\n"
        f"        device_code: {device}\n        client_credentials: {client}\n{env}"
    )


OLDEST = "current_context: acme\n"
WITH_ENVIRONMENT = "context:\n    workspace: acme\n    environment: production\n"
FULL = {"access": "access-0", "refresh": "refresh-0", "lifetime": "7200", "device": "device-0"}


@dataclass(frozen=True)
class Variant:
    path: str
    text: str
    credential: Credential
    url: str = PROD
    workspace: str = "acme"


VARIANTS = {
    "blaxel-key": Variant(BLAXEL, blaxel(API_KEY), KEY),
    "blaxel-login": Variant(BLAXEL, blaxel(TOKENS), LOGIN),
    "blaxel-client": Variant(BLAXEL, blaxel(SERVICE), CLIENT),
    "blaxel-key-id": Variant(BLAXEL, blaxel(API_KEY, identifier="7f3c2e1a"), KEY),
    "blaxel-key-dev": Variant(BLAXEL, blaxel(API_KEY, env="dev"), KEY, DEV),
    "blaxel-login-dev": Variant(BLAXEL, blaxel(TOKENS, env="dev"), LOGIN, DEV),
    "blaxel-client-local": Variant(BLAXEL, blaxel(SERVICE, env="local"), CLIENT, HERE),
    "blaxel-prod-spelled-out": Variant(BLAXEL, blaxel(API_KEY, env="prod"), KEY),
    "blaxel-name-is-a-number": Variant(BLAXEL, blaxel(API_KEY, name="2024"), KEY, workspace="2024"),
    "blaxel-name-is-a-float": Variant(BLAXEL, blaxel(API_KEY, name="1e5"), KEY, workspace="1e5"),
    "blaxel-name-is-a-date": Variant(BLAXEL, blaxel(API_KEY, name="2024-01-01"), KEY, workspace="2024-01-01"),
    "blaxel-name-is-yes": Variant(BLAXEL, blaxel(API_KEY, name="yes"), KEY, workspace="yes"),
    "blaxel-client-as-the-sdks-read-it": Variant(BLAXEL, blaxel(f"clientCredentials: {PAIR}"), CLIENT),
    "blaxel-client-not-encoded": Variant(BLAXEL, blaxel(f"client_credentials: id-1:{CANARY}"), CLIENT),
    "blaxel-key-before-login": Variant(BLAXEL, blaxel(f"{API_KEY}\n    {TOKENS}"), KEY),
    "blaxel-login-before-client": Variant(BLAXEL, blaxel(f"{TOKENS}\n    {SERVICE}"), LOGIN),
    "blaxel-login-without-device": Variant(
        BLAXEL, blaxel("access_token: access-0\n    refresh_token: refresh-0"), LoginTokens("access-0", "refresh-0")
    ),
    "blaxel-windows": Variant(BLAXEL, blaxel(TOKENS).replace("\n", "\r\n"), LOGIN),
    "beamlit-key": Variant(BEAMLIT, beamlit(key=f"bl_{CANARY}"), KEY),
    "beamlit-login": Variant(BEAMLIT, beamlit(**FULL), LOGIN),
    "beamlit-client": Variant(BEAMLIT, beamlit(client=PAIR), CLIENT),
    "beamlit-environment-key": Variant(BEAMLIT, beamlit(key=f"bl_{CANARY}", context=WITH_ENVIRONMENT), KEY),
    "beamlit-environment-login": Variant(BEAMLIT, beamlit(**FULL, context=WITH_ENVIRONMENT), LOGIN),
    "beamlit-environment-client": Variant(BEAMLIT, beamlit(client=PAIR, context=WITH_ENVIRONMENT), CLIENT),
    "beamlit-api_key": Variant(BEAMLIT, beamlit(key_name="api_key", key=f"bl_{CANARY}", context=WITH_ENVIRONMENT), KEY),
    "beamlit-oldest-api_key": Variant(BEAMLIT, beamlit(key_name="api_key", key=f"bl_{CANARY}", context=OLDEST), KEY),
    "beamlit-oldest-login": Variant(BEAMLIT, beamlit(key_name="api_key", **FULL, context=OLDEST), LOGIN),
    "beamlit-oldest-client": Variant(BEAMLIT, beamlit(key_name="api_key", client=PAIR, context=OLDEST), CLIENT),
    "beamlit-dev": Variant(BEAMLIT, beamlit(**FULL, env="      env: dev\n"), LOGIN, DEV),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_variant_is_read(variant: Variant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / variant.path.removeprefix("~/")
    path.parent.mkdir()
    path.write_bytes(variant.text.encode())
    path.with_name("credentials.json").write_text("{}")  # the CLI only tests whether it exists
    before = path.read_bytes(), path.stat()
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("BEAMCTL_WORKSPACE", "BL_WORKSPACE", "BL_API_KEY", "BEAMCTL_API_KEY", "BL_ENV"):
        monkeypatch.delenv(name, raising=False)
    sources = collect_sources()
    assert default_workspace(sources) == variant.workspace
    found = decide(sources, variant.workspace)
    assert (found.credential, found.base_url) == (variant.credential, variant.url)
    assert found.credential_from == f"{variant.path}, workspace {variant.workspace}"
    assert CANARY not in repr(found) + repr(sources)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before[0], before[1].st_mtime_ns)


UNUSABLE = {
    "blaxel-nothing": (BLAXEL, blaxel("expires_in: 7200")),
    "blaxel-device-code-only": (BLAXEL, blaxel("device_code: device-0")),
    "blaxel-no-credentials": (BLAXEL, "context:\n  workspace: acme\nworkspaces:\n- name: acme\n  credentials:\n"),
    "blaxel-after-logout": (BLAXEL, "context:\n  workspace: acme\nworkspaces:\ntracking: false\n"),
    "beamlit-empty": (BEAMLIT, beamlit()),
    "beamlit-device-code-only": (BEAMLIT, beamlit(device="device-0", lifetime="7200")),
}


@pytest.mark.parametrize(("path", "text"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_login_that_cannot_be_used_is_named(path: str, text: str) -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        decide(Sources(files=(FileText(path, text.encode()),)), "acme")
    assert "bl login acme" in caught.value.hint
    assert caught.value.hint.endswith(f"\n{path} has no usable login for acme.")


@pytest.mark.parametrize("make", [lambda: blaxel("access_token: access-0"), lambda: beamlit(access="access-0")])
def test_a_login_without_a_refresh_token_says_what_to_do(make: Callable[[], str]) -> None:
    to = decide(Sources(files=(FileText(BLAXEL, make().encode()),)), "acme")
    with opened(Script(reply(401)), to=to) as api, pytest.raises(UnauthenticatedError) as caught:
        api.reader().get("/users")
    assert caught.value.hint == (
        f"The login comes from {BLAXEL}, workspace acme. It has no refresh token, so it cannot be renewed. "
        "Set a valid one, or log in again with: bl login acme."
    )
