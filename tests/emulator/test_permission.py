"""Every route against every kind of caller, as one table."""

from pathlib import Path

import pytest
from werkzeug.test import Client

from beamctl.emulator.control_plane import approve_login, as_operator
from beamctl.emulator.permission import BY_CALLER_TYPE, BY_ROLE
from beamctl.emulator.routes import ROUTES
from beamctl.emulator.routing import Reach
from tests.emulator.world import RESOURCES, SEED, World, body_of

CALLERS = (
    "ada",
    "max",
    "vic",
    "ivy",
    "sam",
    "olga",
    "ci",
    "bot",
    "eye",
    "foreign",
    "nobody",
    "late person",
    "late account",
)
"""People: admin, member, viewer, invitee, stranger, member of another workspace. Service accounts: admin, member,
viewer, admin of another workspace. No credential; and expired tokens, of an admin and of an admin service account."""

USERS = {
    **SEED,
    "users": [*SEED["users"], {"email": "olga@example.com", "apiKey": "bl_olga", "workspaces": {"other": "member"}}],
    "serviceAccounts": [
        *SEED["serviceAccounts"],
        {"workspace": "acme", "name": "eye", "role": "viewer", "apiKey": "bl_eye"},
    ],
    "secrets": [{"workspace": "acme", "name": "GONE"}],
    "volumes": [{"workspace": "acme", "name": "seeded", "externalId": "seeded"}],
    "drives": [{"workspace": "acme", "name": "seeded", "externalId": "seeded"}],
}
"""One caller of every sort, and objects that requests name."""

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN = {"grant_type": "client_credentials", "client_id": "cid", "client_secret": "S"}

EVERY_ROLE = "200 200 200 403 403 403 200 200 200 403 401 401 401"
MEMBERS = "200 200 403 403 403 403 200 200 403 403 401 401 401"
ADMINS = "200 403 403 403 403 403 200 403 403 403 401 401 401"
OPEN = "200 200 200 200 200 200 200 200 200 200 200 200 200"
ALL_USERS = "200 200 200 200 200 200 200 200 200 200 401 401 401"
PEOPLE = "200 200 200 200 200 200 403 403 403 403 401 401 401"
TEAM = "200 200 200 404 404 404 403 403 403 403 401 401 401"
INVITEE = "404 404 404 200 404 404 403 403 403 403 401 401 401"

ERA = {"X-Beamlit-Workspace": "acme"}

TABLE: dict[tuple[str, str], tuple[str, object, str]] = {
    # each row: the route, a path, a body, and the status for each caller, in order
    ("GET", "/workspaces"): ("/workspaces", None, ALL_USERS),
    ("POST", "/workspaces"): ("/workspaces", {"name": "fresh"}, PEOPLE),
    ("POST", "/workspaces/availability"): (
        "/workspaces/availability",
        {"name": "fresh"},
        OPEN,
    ),
    ("GET", "/workspaces/<name>"): ("/workspaces/acme", None, EVERY_ROLE),
    ("PUT", "/workspaces/<name>"): ("/workspaces/acme", {"displayName": "A"}, ADMINS),
    ("DELETE", "/workspaces/<name>"): ("/workspaces/acme", None, ADMINS),
    ("DELETE", "/workspaces/<name>/leave"): ("/workspaces/acme/leave", None, TEAM),
    ("GET", "/users"): ("/users", None, EVERY_ROLE),
    ("POST", "/users"): ("/users", {"email": "zoe@example.com"}, ADMINS),
    ("PUT", "/users/<path:who>"): (
        "/users/alan@example.com",
        {"role": "member"},
        ADMINS,
    ),
    ("DELETE", "/users/<path:who>"): ("/users/alan@example.com", None, ADMINS),
    ("GET", "/profile/invitations"): ("/profile/invitations", None, INVITEE),
    ("POST", "/workspaces/<name>/join"): ("/workspaces/acme/join", None, INVITEE),
    ("POST", "/workspaces/<name>/decline"): ("/workspaces/acme/decline", None, INVITEE),
    ("GET", "/service_accounts"): ("/service_accounts", None, EVERY_ROLE),
    ("POST", "/service_accounts"): ("/service_accounts", {"name": "new"}, ADMINS),
    ("PUT", "/service_accounts/<client_id>"): ("/service_accounts/cid", {"role": "viewer"}, ADMINS),
    ("DELETE", "/service_accounts/<client_id>"): ("/service_accounts/cid", None, ADMINS),
    ("GET", "/service_accounts/<client_id>/api_keys"): ("/service_accounts/cid/api_keys", None, ADMINS),
    ("POST", "/service_accounts/<client_id>/api_keys"): ("/service_accounts/cid/api_keys", {"name": "k"}, ADMINS),
    ("DELETE", "/service_accounts/<client_id>/api_keys/<key_id>"): (
        "/service_accounts/cid/api_keys/{key}",
        None,
        ADMINS,
    ),
    ("GET", "/policies/<resource_name>/usages"): ("/policies/made/usages", None, EVERY_ROLE),
    ("GET", "/configuration"): ("/configuration", None, ALL_USERS),
    ("GET", "/.well-known/openid-configuration"): (
        "/.well-known/openid-configuration",
        None,
        OPEN,
    ),
    ("GET", "/features"): ("/features", None, EVERY_ROLE),
    ("GET", "/features/<key>"): ("/features/mk3", None, EVERY_ROLE),
    ("POST", "/login/device"): ("/login/device", {"client_id": "blaxel"}, OPEN),
    ("POST", "/oauth/token"): ("/oauth/token", TOKEN, OPEN),
}


_ONE = "/privateclusters/<cluster_name>"
TABLE |= {
    ("GET", "/privateclusters"): ("/privateclusters", None, EVERY_ROLE),
    ("POST", "/privateclusters"): ("/privateclusters", {"name": "fresh"}, MEMBERS),
    ("GET", _ONE): ("/privateclusters/made", None, EVERY_ROLE),
    ("PUT", _ONE): ("/privateclusters/made", {"country": "us"}, MEMBERS),
    ("DELETE", _ONE): ("/privateclusters/made", None, MEMBERS),
    ("GET", f"{_ONE}/health"): ("/privateclusters/made/health", None, EVERY_ROLE),
    ("POST", f"{_ONE}/health"): ("/privateclusters/made/health", None, MEMBERS),
}

_CONNECTION = "/integrations/connections/<resource_name>"
_MADE = "/integrations/connections/made"
TABLE |= {
    ("GET", "/secrets"): ("/secrets", None, EVERY_ROLE),
    ("POST", "/secrets"): ("/secrets", {"name": "TOKEN", "value": "v"}, ADMINS),
    ("DELETE", "/secrets"): ("/secrets?name=GONE", None, ADMINS),
    ("DELETE", "/secrets/<secret_name>"): ("/secrets/GONE", None, ADMINS),
    ("GET", "/integrations/<integration_name>"): ("/integrations/openai", None, EVERY_ROLE),
    ("GET", f"{_CONNECTION}/models"): (f"{_MADE}/models", None, EVERY_ROLE),
    ("GET", f"{_CONNECTION}/models/<path:model_id>"): (f"{_MADE}/models/example-chat-1", None, EVERY_ROLE),
    ("GET", f"{_CONNECTION}/endpointConfigurations"): (f"{_MADE}/endpointConfigurations", None, EVERY_ROLE),
    ("GET", "/locations"): ("/locations", None, ALL_USERS),
}
TABLE |= {
    ("GET", "/images"): ("/images", None, EVERY_ROLE),
    ("POST", "/images"): ("/images", {"name": "fresh", "resourceType": "agent"}, MEMBERS),
    ("DELETE", "/images"): ("/images", None, MEMBERS),
    ("POST", "/drives/<resource_name>/access-token"): ("/drives/made/access-token", None, MEMBERS),
    ("GET", "/customdomains"): ("/customdomains", None, EVERY_ROLE),
    ("POST", "/customdomains"): ("/customdomains", {"metadata": {"name": "b.example"}}, ADMINS),
    ("GET", "/pending-image-shares"): ("/pending-image-shares", None, EVERY_ROLE),
    ("GET", "/images/<resource_type>/<image_name>/tags"): ("/images/agent/a/tags", None, EVERY_ROLE),
    ("DELETE", "/images/<resource_type>/<image_name>/tags/<tag_name>"): ("/images/agent/a/tags/v2", None, MEMBERS),
    ("PUT", "/customdomains/<domain_name>"): ("/customdomains/a.example", {"metadata": {"displayName": "A"}}, ADMINS),
    ("POST", "/customdomains/<domain_name>/verify"): ("/customdomains/a.example/verify", None, ADMINS),
}
for _rule, _path, _writers in (
    ("/images/<resource_type>/<image_name>", "/images/agent/a", MEMBERS),
    ("/customdomains/<domain_name>", "/customdomains/a.example", ADMINS),
):
    TABLE |= {
        ("GET", _rule): (_path, None, EVERY_ROLE),
        ("DELETE", _rule): (_path, None, _writers),
        ("GET", f"{_rule}/share"): (f"{_path}/share", None, EVERY_ROLE),
        ("POST", f"{_rule}/share"): (f"{_path}/share", {"targetWorkspace": "other"}, ADMINS),
        ("DELETE", f"{_rule}/share/<target_workspace>"): (f"{_path}/share/other", None, ADMINS),
    }
for _path in ("/volumes", "/drives"):
    TABLE |= {
        ("GET", f"{_path}/by-external-id/<external_id>"): (f"{_path}/by-external-id/seeded", None, EVERY_ROLE),
    }

_DEPLOYMENTS = "/models/<resource_name>/deployments"
TABLE |= {
    ("GET", _DEPLOYMENTS): ("/models/made/deployments", None, EVERY_ROLE),
    ("GET", f"{_DEPLOYMENTS}/<environment>"): ("/models/made/deployments/production", None, EVERY_ROLE),
    ("PUT", f"{_DEPLOYMENTS}/<environment>"): ("/models/made/deployments/production", {"enabled": True}, MEMBERS),
    ("DELETE", f"{_DEPLOYMENTS}/<environment>"): ("/models/made/deployments/production", None, MEMBERS),
}

for _path in ("/models", "/agents", "/functions"):
    for _rest in ("", "/v1/chat/completions"):
        TABLE |= {
            ("POST", f"/run/<name>{_path}/<resource_name>{_rest}"): (
                f"/run/acme{_path}/made{_rest}",
                {"inputs": "Hello"},
                MEMBERS,
            )
        }

for _path in RESOURCES:
    _writers = MEMBERS if RESOURCES[_path] == "resource" else ADMINS
    TABLE |= {
        ("GET", _path): (_path, None, EVERY_ROLE),
        ("POST", _path): (_path, body_of(_path, "fresh"), _writers),
        ("GET", f"{_path}/<resource_name>"): (f"{_path}/made", None, EVERY_ROLE),
        ("PUT", f"{_path}/<resource_name>"): (f"{_path}/made", body_of(_path, "made"), _writers),
        ("DELETE", f"{_path}/<resource_name>"): (f"{_path}/made", None, _writers),
    }


def device_login(world: World, email: str) -> dict[str, str]:
    """The form with which a device requests its tokens after a user has approved its login."""
    begun = world.call(None, "POST", "/login/device", {"client_id": "blaxel"}).get_json()
    approve_login(world.app, begun["user_code"], email)
    return {"grant_type": DEVICE_GRANT, "device_code": begun["device_code"]}


def headers_of(world: World, caller: str) -> dict[str, str]:
    if caller == "nobody":
        return {}
    if not caller.startswith("late"):
        return {"Authorization": f"Bearer bl_{caller}"}
    asked = TOKEN if caller == "late account" else device_login(world, "ada@example.com")
    tokens = world.call(None, "POST", "/oauth/token", asked).get_json()
    world.clock.forward(hours=3)
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def prepared(world: World, path: str) -> str:
    """The path with the identifier of a key if it needs one; the object `made` exists if needed."""
    for shared, body in (
        ("/images/agent/a", {"name": "a", "resourceType": "agent"}),
        ("/customdomains/a.example", {"metadata": {"name": "a.example"}}),
    ):
        if path.startswith(shared):
            assert (
                world.call("ada", "POST", shared.rsplit("/", 2 if "images" in shared else 1)[0], body).status_code
                == 200
            )
            if "customdomains" in shared:
                assert world.call("ada", "POST", f"{shared}/verify").status_code == 200
            if "/tags/" in path:
                assert world.call("ada", "POST", "/images", {**body, "tag": "v2"}).status_code == 200
            if path.endswith("/share/other"):
                assert world.call("ada", "POST", f"{shared}/share", {"targetWorkspace": "other"}).status_code == 200
    listing, _, rest = path.removeprefix("/run/acme").partition("/made")
    if listing != path.removeprefix("/run/acme"):
        body = {"name": "made"} if listing == "/privateclusters" else body_of(listing, "made")
        made = world.call("ada", "POST", listing, body, ERA)
        assert made.status_code == 200
    if rest == "/deployments/production":
        assert world.call("ada", "PUT", path, {}, ERA).status_code == 200
    if "{key}" not in path:
        return path
    return path.format(key=world.call("ada", "GET", "/service_accounts/cid/api_keys").get_json()[0]["id"])


@pytest.mark.parametrize("route", TABLE, ids=" ".join)
def test_the_permission_table(tmp_path: Path, route: tuple[str, str]) -> None:
    path, body, expected = TABLE[route]
    world = World(tmp_path / "plane.db", seed=USERS)
    got: list[str] = []
    here = prepared(world, path)
    for number, caller in enumerate(CALLERS):
        headers = {**headers_of(world, caller), "X-Beamlit-Workspace": "acme"}
        got.append(str(world.send(Client(world.app), route[0], here, body, headers).status_code))
        if got[-1] == "200" and route[0] != "GET":  # a change, so the next caller gets a fresh world
            world = World(tmp_path / f"{number}.db", seed=USERS)
            here = prepared(world, path)
    assert dict(zip(CALLERS, got, strict=True)) == dict(zip(CALLERS, expected.split(), strict=True))


@pytest.mark.parametrize("caller", ["late person", "late account"])
def test_a_token_is_valid_until_it_expires(world: World, caller: str) -> None:
    headers = headers_of(world, caller)
    world.clock.forward(hours=-3)
    assert world.call(None, "GET", "/users", headers=headers).status_code == 200


def test_the_table_of_visible_mfa_fields(tmp_path: Path) -> None:
    world, seen = World(tmp_path / "plane.db", seed=USERS), {}
    for caller in ("ada", "max", "vic", "ci", "bot", "eye"):
        listed = world.call(caller, "GET", "/users").get_json()
        (member,) = {"mfa_enabled" in user for user in listed if user["accepted"]}
        seen[caller] = member
    assert seen == {"ada": True, "max": False, "vic": False, "ci": True, "bot": False, "eye": False}


@pytest.mark.parametrize("route", TABLE, ids=" ".join)
def test_the_operator_can_do_everything_that_is_not_about_a_user(tmp_path: Path, route: tuple[str, str]) -> None:
    world = World(tmp_path / "plane.db", seed=USERS)
    path, body, _ = TABLE[route]
    here = prepared(world, path)
    answer = world.send(Client(as_operator(world.app)), route[0], here, body, {"X-Beamlit-Workspace": "acme"})
    about_a_person = path.endswith(("/leave", "/join", "/decline", "/invitations"))
    assert answer.status_code == (403 if about_a_person else 200)


def test_the_table_has_every_route() -> None:
    assert set(TABLE) == {(route.method, route.rule) for route in ROUTES}


def test_every_permission_is_in_the_table_of_its_callers() -> None:
    for route in ROUTES:
        match route.reach:
            case Reach.OPEN:
                assert route.permission is None
            case Reach.CALLER:
                assert route.permission in BY_CALLER_TYPE
            case Reach.WORKSPACE:
                assert route.permission in BY_ROLE


def test_read_only_routes_are_marked() -> None:
    assert {route.method for route in ROUTES if not route.writes} == {"GET", "POST"}
    assert {route.rule for route in ROUTES if not route.writes and route.method == "POST"} == {
        "/workspaces/availability",
    }
