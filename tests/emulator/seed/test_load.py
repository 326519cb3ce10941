"""Loading a seed: what it creates, and every problem that it can have."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from beamctl.emulator.app import create_app
from beamctl.emulator.control_plane import as_operator, as_person
from beamctl.emulator.errors import EmulatorError, SeedError
from beamctl.emulator.seed import load_seed
from beamctl.emulator.seed.entries import KeyKind
from tests.emulator.world import NOON, SEED, Clock, World


def users_of(db: Path, workspace: str) -> list[dict[str, Any]]:
    client = Client(as_operator(create_app(db, now=Clock())))
    listed: list[dict[str, Any]] = client.get(f"/v0/users?workspace={workspace}").get_json()
    return listed


def test_missing_keys_are_generated_and_valid(tmp_path: Path) -> None:
    db = tmp_path / "plane.db"
    made = load_seed(
        db,
        {
            "workspaces": [{"name": "acme"}],
            "users": [
                {"email": "a@example.com", "workspaces": {"acme": "admin"}},
                {"email": "b@example.com", "apiKey": "bl_b", "workspaces": {"acme": "member"}},
            ],
            "serviceAccounts": [{"workspace": "acme", "name": "ci"}],
        },
        now=Clock(),
    )
    assert [(key.who, key.kind) for key in made] == [
        ("a@example.com", KeyKind.PERSONAL),
        ("acme/ci", KeyKind.CLIENT_CREDENTIALS),
        ("acme/ci", KeyKind.SERVICE_ACCOUNT),
    ]
    assert all(re.fullmatch(r"bl_[a-z0-9]{32}", key.key) for key in made if key.kind != KeyKind.CLIENT_CREDENTIALS)
    client = create_app(db, now=Clock()).test_client()
    for key in (made[0].key, made[2].key, "bl_b"):
        assert client.get("/v0/users", headers={"Api-Key": key}).status_code == 200
    client_id, _, secret = made[1].key.partition(":")
    body = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    assert client.post("/v0/oauth/token", json=body).status_code == 200
    assert all(key.key not in repr(made) for key in made)


def test_an_unknown_role_is_kept_and_can_only_read(tmp_path: Path) -> None:
    db = tmp_path / "plane.db"
    user = {"email": "o@example.com", "apiKey": "bl_o", "workspaces": {"acme": "owner"}}
    load_seed(db, {"workspaces": [{"name": "acme"}], "users": [user]}, now=Clock())
    assert [listed["role"] for listed in users_of(db, "acme")] == ["owner"]
    client = create_app(db, now=Clock()).test_client()
    assert client.get("/v0/users", headers={"Api-Key": "bl_o"}).status_code == 200
    assert client.delete("/v0/workspaces/acme", headers={"Api-Key": "bl_o"}).status_code == 403


@pytest.mark.parametrize(
    "moment", ["2026-02-01T00:00:00Z", "2026-02-01", "2026-02-01T00:30:00+02:00", datetime(2026, 2, 1, tzinfo=UTC)]
)
def test_times_in_a_seed(tmp_path: Path, moment: object) -> None:
    invitation = {"workspace": "acme", "email": "a@example.com", "role": "member", "expiresAt": moment}
    load_seed(tmp_path / "p.db", {"workspaces": [{"name": "acme"}], "invitations": [invitation]}, now=Clock())
    assert users_of(tmp_path / "p.db", "acme")[0]["expired"] is True


def test_all_problems_are_reported_at_once_and_nothing_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(SeedError) as caught:
        load_seed(
            tmp_path / "plane.db",
            {
                "workspaces": [{"name": "Acme", "labels": {"a": 1}, "color": "red"}, "x"],
                "users": [{"email": "no", "workspaces": {"acme": ""}, "source": "elsewhere"}, {}],
                "invitations": {"a": 1},
                "serviceAccounts": [
                    {"workspace": "acme", "name": "", "clientSecret": "canary", "apiKey": "canary key"}
                ],
                "policies": {},
            },
            now=Clock(),
        )
    paths = [message.partition(": ")[0] for message in caught.value.messages]
    assert paths == [
        "workspaces[0].name",
        "workspaces[0].labels",
        "workspaces[0].color",
        "workspaces[1]",
        "users[0].email",
        "users[0].workspaces",
        "users[0].source",
        "users[1].email",
        "invitations",
        "serviceAccounts[0].name",
        "serviceAccounts[0].apiKey",
        "serviceAccounts[0].clientSecret",
        "policies",
    ]
    assert "canary" not in str(caught.value)


def test_entries_must_be_consistent(tmp_path: Path) -> None:
    with pytest.raises(SeedError) as caught:
        load_seed(
            tmp_path / "plane.db",
            {
                "workspaces": [{"name": "acme"}, {"name": "acme"}],
                "users": [
                    {"email": "a@example.com", "workspaces": {"acme": "admin", "gone": "member"}, "apiKey": "canary"},
                    {"email": "A@Example.com", "apiKey": "canary"},
                ],
                "invitations": [
                    {"workspace": "acme", "email": "A@example.com"},
                    {"workspace": "acme", "email": "n@example.com"},
                    {"workspace": "acme", "email": "N@example.com"},
                ],
                "serviceAccounts": [{"workspace": "nowhere", "name": "ci", "apiKey": "canary"}],
            },
            now=Clock(),
        )
    assert caught.value.messages == (
        "workspaces[1].name: acme is already at workspaces[0].name",
        "users[0].workspaces: the seed has no workspace gone",
        "serviceAccounts[0].workspace: the seed has no workspace nowhere",
        "users[1].email: A@Example.com is already at users[0].email",
        "invitations[2].email: N@example.com is already at invitations[1].email",
        "invitations[0].email: A@example.com is a member of acme",
        "users[1].apiKey: this key is already at users[0].apiKey",
        "serviceAccounts[0].apiKey: this key is already at users[0].apiKey",
    )


RESOURCES_SEED: dict[str, Any] = {
    "workspaces": [{"name": "acme", "features": {"mk3": True, "vpc": False}}, {"name": "labs"}],
    "policies": [
        {
            "workspace": "acme",
            "name": "eu-only",
            "displayName": "EU only",
            "labels": {"team": "x"},
            "externalId": "x-1",
            "spec": {"type": "location", "locations": [{"type": "continent", "name": "eu"}], "flavors": []},
        },
        {"workspace": "labs", "name": "eu-only", "spec": {"type": "flavor"}},
    ],
    "integrationConnections": [
        {"workspace": "acme", "name": "openai", "spec": {"integration": "openai", "secret": {"apiKey": "canary"}}}
    ],
    "environments": [
        {"workspace": "acme", "name": "production", "displayName": "Live", "spec": {"policies": ["eu-only"]}},
        {"workspace": "acme", "name": "staging"},
    ],
    **{
        kind: [{"workspace": "acme", "name": "first", "spec": {"policies": ["eu-only"]}}]
        for kind in ("agents", "functions", "jobs", "models", "sandboxes")
    },
}


def test_resources_are_completed_as_the_api_does(tmp_path: Path) -> None:
    made, called = tmp_path / "seeded.db", tmp_path / "called.db"
    assert load_seed(made, RESOURCES_SEED, now=Clock()) == []
    load_seed(called, {"workspaces": RESOURCES_SEED["workspaces"]}, now=Clock())
    seeded, asked = (Client(as_operator(create_app(db, now=Clock()))) for db in (made, called))
    paths = {section: f"/v0/{section}" for section in list(RESOURCES_SEED)[1:]}
    paths["integrationConnections"] = "/v0/integrations/connections"
    for section, path in paths.items():
        for entry in RESOURCES_SEED[section]:
            metadata = {key: value for key, value in entry.items() if key not in ("workspace", "spec")}
            body = {"metadata": metadata, "spec": entry.get("spec", {})}
            method, target = ("PUT", f"{path}/production") if entry["name"] == "production" else ("POST", path)
            headers = {"X-Beamlit-Workspace": entry["workspace"]}
            assert asked.open(target, method=method, json=body, headers=headers).status_code == 200
    for section, path in paths.items():
        for space in ("acme", "labs"):
            there, wanted = (
                client.get(path, headers={"X-Beamlit-Workspace": space}).get_json() for client in (seeded, asked)
            )
            assert there == wanted
            names = {entry["name"] for entry in RESOURCES_SEED[section] if entry["workspace"] == space}
            assert {body_of["metadata"]["name"] for body_of in there} >= names
    features = seeded.get("/v0/features?workspace=acme").get_json()
    assert features == {"features": {"mk3": True}}
    assert b"canary" not in made.read_bytes()


def test_a_service_account_has_the_keys_that_are_listed(tmp_path: Path) -> None:
    db = tmp_path / "plane.db"
    old = {"name": "old", "apiKey": "bl_old", "expiresIn": "30d", "createdAt": "2026-01-01T00:00:00Z"}
    keys = [{"name": "deploy", "apiKey": "bl_deploy", "expiresIn": "24h"}, old, {"name": "made"}, {"apiKey": "bl_bare"}]
    accounts = [
        {"workspace": "acme", "name": "ci", "clientId": "ci", "clientSecret": "S", "apiKeys": keys},
        {"workspace": "acme", "name": "none", "clientId": "none", "clientSecret": "S", "apiKeys": []},
        {"workspace": "acme", "name": "two", "clientId": "two", "clientSecret": "S", "apiKey": "bl_2", "apiKeys": []},
    ]
    (made,) = load_seed(db, {"workspaces": [{"name": "acme"}], "serviceAccounts": accounts}, now=Clock())
    assert (made.who, made.kind) == ("acme/ci made", KeyKind.SERVICE_ACCOUNT)
    app = create_app(db, now=Clock())

    def listed(client_id: str) -> list[dict[str, Any]]:
        answer = Client(as_operator(app)).get(f"/v0/service_accounts/{client_id}/api_keys")
        found: list[dict[str, Any]] = answer.get_json()
        return found

    assert {key.get("name", ""): key.get("expires_in") for key in listed("ci")} == {
        "deploy": "24h",
        "old": "30d",
        "made": None,
        "": None,
    }
    assert [len(listed(client_id)) for client_id in ("none", "two")] == [0, 1]
    for key, status in (("bl_deploy", 200), (made.key, 200), ("bl_bare", 200), ("bl_2", 200), ("bl_old", 401)):
        assert app.test_client().get("/v0/users", headers={"Api-Key": key}).status_code == status


def test_a_problem_inside_an_entry_has_its_path(tmp_path: Path) -> None:
    with pytest.raises(SeedError) as caught:
        load_seed(
            tmp_path / "plane.db",
            {
                "workspaces": [{"name": "acme", "features": {"a b": True}}],
                "policies": [
                    {"workspace": "acme", "name": "p", "spec": {"type": "color", "locations": 5, "size": 1}},
                    {"workspace": "acme", "name": "P", "spec": [], "labels": {"a": 1}},
                    {"workspace": "acme", "name": "q"},
                ],
                "integrationConnections": [{"workspace": "acme", "name": "c", "spec": {"secret": {"k": ["canary"]}}}],
                "models": [{"workspace": "acme", "name": "m", "color": "red"}],
                "serviceAccounts": [
                    {"workspace": "acme", "name": "a", "apiKeys": {"name": "x"}},
                    {"workspace": "acme", "name": "b", "apiKeys": [{"expiresIn": "soon", "apiKey": "canary key"}, 5]},
                ],
            },
            now=Clock(),
        )
    paths = [message.partition(": ")[0] for message in caught.value.messages]
    assert paths == [
        "workspaces[0].features",
        "policies[0].spec.type",
        "policies[0].spec.locations",
        "policies[0].spec.size",
        "policies[1].name",
        "policies[1].spec",
        "policies[1].labels",
        "policies[2].spec",
        "integrationConnections[0].spec.secret",
        "integrationConnections[0].spec.integration",
        "models[0].color",
        "serviceAccounts[0].apiKeys",
        "serviceAccounts[1].apiKeys[0].expiresIn",
        "serviceAccounts[1].apiKeys[0].apiKey",
        "serviceAccounts[1].apiKeys[1]",
    ]
    assert "canary" not in str(caught.value)


def test_resources_and_keys_must_be_consistent(tmp_path: Path) -> None:
    policy = {"name": "p", "spec": {"type": "location"}}
    with pytest.raises(SeedError) as caught:
        load_seed(
            tmp_path / "plane.db",
            {
                "workspaces": [{"name": "acme"}],
                "policies": [{"workspace": "acme", **policy}, {"workspace": "acme", **policy}],
                "models": [{"workspace": "nowhere", "name": "p"}],
                "serviceAccounts": [
                    {"workspace": "acme", "name": "a", "apiKey": "canary", "apiKeys": [{"apiKey": "canary"}]}
                ],
            },
            now=Clock(),
        )
    assert caught.value.messages == (
        "models[0].workspace: the seed has no workspace nowhere",
        "serviceAccounts[0].apiKeys[0].apiKey: this key is already at serviceAccounts[0].apiKey",
        "policies[1].name: p is already at policies[0].name",
    )


@pytest.mark.parametrize("data", [None, [], "acme", 3])
def test_a_seed_must_be_a_mapping(tmp_path: Path, data: object) -> None:
    with pytest.raises(SeedError, match="must be a map"):
        load_seed(tmp_path / "plane.db", data)


def test_loading_the_same_seed_again_lists_what_exists(world: World) -> None:
    before = world.users()
    with pytest.raises(SeedError) as caught:
        load_seed(world.db, SEED, now=world.clock)
    assert "workspaces[0].name: the workspace acme already exists" in caught.value.messages
    assert "serviceAccounts[0].clientId: the service account cid already exists" in caught.value.messages
    assert "users[0].apiKey: this key already exists" in caught.value.messages
    assert world.users() == before


def test_a_second_seed_can_contain_the_same_people(world: World) -> None:
    user = {"email": "ADA@example.com", "workspaces": {"third": "member"}}
    (made,) = load_seed(world.db, {"workspaces": [{"name": "third"}], "users": [user]}, now=world.clock)
    names = [space["name"] for space in world.call("ada", "GET", "/workspaces").get_json()]
    assert names == ["acme", "third"]
    answer = Client(world.app).get("/v0/workspaces", headers={"Api-Key": made.key})
    assert len(answer.get_json()) == 2


@pytest.mark.parametrize(
    "moment", ["soon", "0001-01-01", "9999-12-31T23:59:59-02:00", "9901-01-01", "2026-13-01", 5, None]
)
def test_invalid_times_are_problems(tmp_path: Path, moment: object) -> None:
    invitation = {"workspace": "acme", "email": "a@example.com", "expiresAt": moment}
    with pytest.raises(SeedError, match=r"invitations\[0\].expiresAt: must be a date"):
        load_seed(tmp_path / "p.db", {"workspaces": [{"name": "acme"}], "invitations": [invitation]}, now=Clock())


def test_a_creation_time_whose_expiry_is_out_of_range_is_a_problem(tmp_path: Path) -> None:
    def seed(moment: str) -> dict[str, Any]:
        account = {"workspace": "acme", "name": "ci", "apiKeys": [{"createdAt": moment, "expiresIn": "3650d"}]}
        return {"workspaces": [{"name": "acme"}], "serviceAccounts": [account]}

    with pytest.raises(SeedError, match=r"serviceAccounts\[0\].apiKeys\[0\].createdAt: must be a date .* 9900"):
        load_seed(tmp_path / "p.db", seed("9999-12-31T00:00:00Z"), now=Clock())
    assert load_seed(tmp_path / "p.db", seed("9900-12-31T00:00:00Z"), now=Clock())


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), [{"y": float("nan")}], NOON, {1, 2}, "\ud800", 1 << 20000],
    ids=type,
)
def test_a_spec_must_be_json(tmp_path: Path, value: object) -> None:
    model = {"workspace": "acme", "name": "m", "spec": {"y": value}}
    with pytest.raises(SeedError, match=r"models\[0\].spec: must be JSON"):
        load_seed(tmp_path / "p.db", {"workspaces": [{"name": "acme"}], "models": [model]}, now=Clock())


@pytest.mark.parametrize("client_id", ["a/b", "a:b", "a b", "..", ".", "-x", "a%2Fb", "ä", "x" * 101])
def test_a_client_id_must_be_valid_in_paths_and_credentials(tmp_path: Path, client_id: str) -> None:
    account = {"workspace": "acme", "name": "ci", "clientId": client_id, "clientSecret": "S"}
    with pytest.raises(SeedError, match=r"serviceAccounts\[0\].clientId: must be letters"):
        load_seed(tmp_path / "p.db", {"workspaces": [{"name": "acme"}], "serviceAccounts": [account]}, now=Clock())


def test_an_empty_seed_is_fine(tmp_path: Path) -> None:
    assert load_seed(tmp_path / "plane.db", {}) == []
    assert load_seed(tmp_path / "plane.db", {"workspaces": None, "users": []}) == []


def test_as_person_creates_an_account_once(world: World) -> None:
    first, second = as_person(world.app, "zoe@example.com"), as_person(world.app, "ZOE@example.com")
    assert Client(first).post("/v0/workspaces", json={"name": "zoes"}).status_code == 200
    assert [space["name"] for space in Client(second).get("/v0/workspaces").get_json()] == ["zoes"]
    with pytest.raises(EmulatorError, match="not an e-mail address"):
        as_person(world.app, "zoe")


def test_the_operator_is_not_listed(world: World) -> None:
    client = Client(as_operator(world.app))
    created = client.post("/v0/workspaces", json={"name": "fresh"})
    assert created.get_json()["createdBy"] == "operator"
    assert client.get("/v0/users?workspace=fresh").get_json() == []
    invited = client.post("/v0/users?workspace=fresh", json={"email": "zoe@example.com"}).get_json()
    assert invited["invitedBy"] == "operator"
    assert client.get("/v0/users").status_code == 400
    assert [space["name"] for space in client.get("/v0/workspaces").get_json()] == ["acme", "fresh", "other"]


def test_no_header_gives_operator_access(world: World) -> None:
    for name in ("beamctl.emulator.in_process", "HTTP_beamctl.emulator.in_process", "In-Process"):
        assert Client(world.app).get("/v0/workspaces", headers={name: "Operator()"}).status_code == 401
    forged = {"beamctl.emulator.in_process": "operator"}
    assert Client(world.app).get("/v0/workspaces", environ_overrides=forged).status_code == 401


def test_an_in_process_client_may_give_the_path_as_text(world: World) -> None:
    operator = as_operator(world.app)
    for email in ("łucja@example.com", "jörg@example.com"):
        client = Client(operator)
        client.post("/v0/users?workspace=acme", json={"email": email})
        environ = EnvironBuilder(method="DELETE", path="/", query_string="workspace=acme").get_environ()
        environ["PATH_INFO"] = f"/v0/users/{email}"
        content, status, _ = run_wsgi_app(operator, environ)
        assert (b"".join(content), status) == (b"{}", "200 OK")


def test_the_given_clock_is_used(world: World) -> None:
    assert world.clock.moment == NOON
    assert world.call("ada", "GET", "/workspaces/acme").get_json()["createdAt"] == "2026-03-01T12:00:00.000Z"


SHARED_SEED: dict[str, Any] = {
    "workspaces": [{"name": "acme"}, {"name": "beta"}],
    "images": [
        {"workspace": "acme", "name": "bot", "resourceType": "agent", "tags": ["v1", "v2"], "sharedWith": ["beta"]}
    ],
    "customDomains": [
        {"workspace": "acme", "name": "a.example.com", "sharedWith": ["account"]},
        {"workspace": "acme", "name": "b.example.com", "verified": False},
    ],
}


def test_images_and_domains_are_shared(tmp_path: Path) -> None:
    load_seed(tmp_path / "e.db", SHARED_SEED, now=Clock())
    client = Client(as_operator(create_app(tmp_path / "e.db", now=Clock())))
    (image,) = client.get("/v0/images?workspace=beta").get_json()
    assert (image["metadata"]["sourceWorkspace"], [tag["name"] for tag in image["spec"]["tags"]]) == (
        "acme",
        ["v1", "v2"],
    )
    (domain,) = client.get("/v0/customdomains?workspace=beta").get_json()
    assert (domain["metadata"]["name"], domain["spec"]["status"]) == ("a.example.com", "verified")
    mine = client.get("/v0/customdomains?workspace=acme").get_json()
    assert [each["spec"]["status"] for each in mine] == ["verified", "pending"]


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("images", {"sharedWith": ["gone"]}, "images[0].sharedWith: the seed has no other workspace gone"),
        ("images", {"sharedWith": ["acme"]}, "images[0].sharedWith: the seed has no other workspace acme"),
        ("images", {"sharedWith": ["account"]}, "images[0].sharedWith: the seed has no other workspace account"),
        ("images", {"sharedWith": "beta"}, "images[0].sharedWith: must be a list of names"),
        (
            "customDomains",
            {"verified": False},
            "customDomains[0].sharedWith: only a verified custom domain can be shared",
        ),
    ],
)
def test_invalid_shares_are_refused(tmp_path: Path, section: str, change: dict[str, Any], message: str) -> None:
    entries = [{**SHARED_SEED[section][0], **change}]
    with pytest.raises(SeedError) as caught:
        load_seed(tmp_path / "e.db", {**SHARED_SEED, section: entries})
    assert caught.value.messages == (message,)
