"""Documents and workspaces for plans of every kind and action, small enough to edit each place."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from beamctl.kinds.share.live import Shareable
from tests.fakes.resources import FakeResources, resource
from tests.fakes.secrets_and_shares import PAST, FakeSecrets, FakeShares
from tests.fakes.service_accounts import FakeServiceAccounts, api_key, service_account
from tests.fakes.workspace import FakeWorkspace, person

ADMIN = person("root@x.io", "admin", sub="s0")
MARKER = "(beamctl: client secret not handed over yet)"
HUB = "(beamctl: API key hub not handed over yet)"
EU, US = {"type": "country", "name": "eu"}, {"type": "country", "name": "us"}
OLD = ("OLD", "GONE")
SHARED = {Shareable.IMAGE: {"agent/bot": ["gamma"]}, Shareable.CUSTOM_DOMAIN: {"a.example.com": ["beta"]}}
OPS, ALL = {"groupName": "ops", "role": "admin"}, {"groupName": "all", "role": "member"}

Live = Callable[[], FakeWorkspace]
Sample = tuple[dict[str, Any], Live]


def people(*others: dict[str, Any], **settings: Any) -> Live:
    return lambda: FakeWorkspace.of([ADMIN, *others], settings={"name": "acme", "displayName": "Acme", **settings})


def accounts(*kept: dict[str, Any], **keys: list[dict[str, Any]]) -> Live:
    def made() -> FakeWorkspace:
        live = FakeServiceAccounts({each["client_id"]: dict(each) for each in kept}, deepcopy(keys))
        return FakeWorkspace.of([ADMIN], accounts=live)

    return made


def resources(section: str, *there: dict[str, Any], users: dict[str, Any] | None = None) -> Live:
    def made() -> FakeWorkspace:
        fake = FakeResources(users=users or {})
        fake.kept[section] = {each["metadata"]["name"]: deepcopy(each) for each in there}
        return FakeWorkspace.of([ADMIN], resources=fake)

    return made


SAMPLES: dict[str, Sample] = {
    "invitations": (
        {
            "members": {
                "root@x.io": "admin",
                "New@x.io": {"role": "member", "until": "2099-01-01", "reason": "R"},
                "again@x.io": "viewer",
            }
        },
        people(person("Again@x.io", accepted=False, expired=True), person("wait@x.io", accepted=False)),
    ),
    "roles": (
        {"members": {"root@x.io": "admin", "up@x.io": "admin", "down@x.io": "viewer"}, "guards": {"minAdmins": 1}},
        people(person("up@x.io"), person("down@x.io", "member")),
    ),
    "removals": (
        {"members": {"root@x.io": "admin"}, "guards": {"self": {"email": "me@x.io"}}},
        people(person("gone@x.io", "admin"), person("me@x.io")),
    ),
    "renamed": (
        {"members": {"root@x.io": "admin", "jane.doe@x.io": "member"}},
        people(person("janedoe@x.io")),
    ),
    "settings": (
        {"settings": {"displayName": "New", "labels": {"a.b": "1"}, "groupMappings": [ALL], "sandbox": {}}},
        people(groupMappings=[OPS, ALL], labels={"c": "2"}, runtime={"sandbox": {"disableProcessLogging": True}}),
    ),
    "accounts created": (
        {
            "serviceAccounts": {
                "ci": {"role": "admin", "description": "CI", "secretTo": {"command": ["gh", "secret", "set", "X"]}},
                "bot": {"role": "member", "secretTo": {"keyring": {"service": "s", "user": "u"}}},
                "one": {"clientId": "c-bot", "role": "member"},
            }
        },
        accounts(service_account("c-bot", "bot")),
    ),
    "accounts changed": (
        {
            "serviceAccounts": {
                "up": {"role": "admin"},
                "said": {"role": "member", "description": "new"},
                "two": {"role": "viewer", "clientId": "c-one"},
            }
        },
        accounts(
            service_account("c-up", "up"),
            service_account("c-said", "said"),
            service_account("c-one", "one", "admin"),
            service_account("c-old", "old"),
        ),
    ),
    "accounts replaced": (
        {"serviceAccounts": {"bot": {"role": "member", "secretTo": {"file": "bot"}}}},
        accounts(
            service_account("c-1", "bot", "member", MARKER),
            service_account("c-2", "bot", "member", MARKER),
            **{"c-2": [api_key("k1", "x", "2026-11-20T00:00:00Z")]},
        ),
    ),
    "keys": (
        {
            "serviceAccounts": {
                "bot": {
                    "role": "member",
                    "apiKeys": {
                        "hub": {"expiresIn": "90d", "rotateBefore": "14d", "secretTo": {"file": "hub"}},
                        "lab": {"secretTo": {"command": ["keep", "lab"]}},
                    },
                },
                "new": {"role": "viewer", "secretTo": {"file": "new"}, "apiKeys": {"k": {"secretTo": {"file": "k"}}}},
            }
        },
        accounts(
            service_account("c-bot", "bot"),
            **{
                "c-bot": [
                    api_key("k1", "hub", "2026-08-01T00:00:00Z", "90d"),
                    api_key("k2", "hub", "2026-08-28T00:00:00Z", "90d"),
                    api_key("k3", "other", "2026-08-28T00:00:00Z"),
                ]
            },
        ),
    ),
    "keys replaced": (
        {"serviceAccounts": {"bot": {"role": "member", "apiKeys": {"hub": {"secretTo": {"file": "hub"}}}}}},
        accounts(
            service_account("c-bot", "bot", "member", HUB), **{"c-bot": [api_key("k1", "hub", "2026-11-20T00:00:00Z")]}
        ),
    ),
    "policies": (
        {
            "policies": {
                "new": {"displayName": "N", "spec": {"type": "maxToken", "maxTokens": {"total": 5}}},
                "old": {"spec": {"type": "location", "resourceTypes": ["model"], "locations": [EU]}},
            }
        },
        resources(
            "policies",
            resource("old", {"a.b": "1"}, type="location", resourceTypes=["model", "agent"], locations=[US]),
            resource("gone", type="flavor"),
            users={"gone": {"models": ["m"]}},
        ),
    ),
    "integrations": (
        {
            "integrations": {
                "new": {"integration": "github", "secret": {"token": {"command": ["gh", "auth", "token"]}}},
                "old": {
                    "integration": "openai",
                    "config": {"org": "b"},
                    "secret": {"apiKey": {"env": "KEY"}, "other": {"file": "f"}, "version": 2},
                },
            }
        },
        resources(
            "integrations",
            resource("old", integration="openai", config={"org": "a"}),
            resource("gone", integration="slack"),
        ),
    ),
    "environments": (
        {"environments": {"production": {"policies": ["us"]}, "staging": {"displayName": "S", "policies": ["us"]}}},
        resources("environments", resource("production", policies=["eu"]), resource("gone")),
    ),
    "secrets": (
        {
            "secrets": {
                "NEW": {"value": {"file": "f"}},
                "OLD": {"value": {"env": "KEY"}, "updatedAfter": "2026-11-01T12:00:00Z"},
            }
        },
        lambda: FakeWorkspace.of([ADMIN], secrets=FakeSecrets(dict.fromkeys(OLD, "x"), dict.fromkeys(OLD, PAST))),
    ),
    "shares": (
        {
            "shares": {"images": {"agent/bot": ["beta"]}, "customDomains": {"a.example.com": ["account"]}},
            "guards": {"allowedWorkspaces": ["beta"]},
        },
        lambda: FakeWorkspace.of([ADMIN], shares=FakeShares(deepcopy(SHARED))),
    ),
}
