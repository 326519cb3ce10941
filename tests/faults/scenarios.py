"""A few plans that cover all kinds: a workspace, a document, and a quirk for which the API may need more calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from beamctl.document.desired import Desired
from beamctl.emulator import BehaviorFlag
from beamctl.kinds.service_account.live import CLIENT_SECRET, PendingMarker
from beamctl.model.secret import described, sink_of
from tests.fakes.emulator import EmulatedWorkspace
from tests.fakes.runs import document, planned
from tests.fakes.workspace import FakeWorkspace

PAST = "2020-01-01T00:00:00Z"
KEY = "bl_ci_of_the_fault_tests"
"""The API key of the service account that beamctl runs as, so no member is needed."""
GUARDS = {"maxRemovals": 9}
LIVES = {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d"}
RENEWED = {
    "role": "member",
    "description": "CI",
    "secretTo": {"file": "bot.json"},
    "apiKeys": {
        "hub": {**LIVES, "secretTo": {"file": "hub"}},
        "lab": {"secretTo": {"command": ["keep"]}},
    },
}


@dataclass(frozen=True)
class Scenario:
    """Attributes:
    members: Accepted members and their roles, in addition to the admin ada.
    invited: Invited members and their roles.
    expired: Members whose invitation has expired.
    wanted: The declared members, in addition to ada.
    declared: The declared settings.
    ada: The declared role of ada.
    quirk: A quirk of the emulator, in addition to allowing the removal of the last admin.
    resources: Policies and other resources, as in a seed.
    sections: The declared sections of resources; if any, no members are declared.
    accounts: Service accounts as in a seed, in addition to beamctl's own.
    passed: Days that pass before, each time after an apply of the document.
    stopped: Whether a run of the same document was killed before, while it created everything.
    """

    members: Mapping[str, str] = field(default_factory=dict)
    invited: Mapping[str, str] = field(default_factory=dict)
    expired: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    declared: Mapping[str, Any] = field(default_factory=dict)
    ada: str = "admin"
    quirk: BehaviorFlag = BehaviorFlag.ALLOW_LAST_ADMIN
    resources: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    sections: Mapping[str, Any] = field(default_factory=dict)
    accounts: Sequence[Mapping[str, Any]] = ()
    passed: Sequence[int] = ()
    stopped: bool = False

    def emulated(self, folder: Path) -> EmulatedWorkspace:
        """Start the emulator with this workspace."""
        emulated = EmulatedWorkspace(folder, self.seed, {self.quirk, BehaviorFlag.ALLOW_LAST_ADMIN})
        emulated.vault.holds["the environment variable KEY"] = "sk-canary-0123456789abcdef"
        if self.stopped:
            emulated.journal.add_killed(planned(self.want, FakeWorkspace()))
        return emulated

    @property
    def seed(self) -> dict[str, Any]:
        roles = {"ada": "admin", **self.members}
        invitations = [{"email": address(who), "role": role} for who, role in self.invited.items()]
        invitations += [{"email": address(who), "role": role, "expiresAt": PAST} for who, role in self.expired.items()]
        return {
            "workspaces": [
                {
                    "name": "acme",
                    "displayName": "Acme",
                    "labels": {"a": "1"},
                    "groupMappings": [{"groupName": "g", "role": "member"}],
                },
                {"name": "labs"},
            ],
            "users": [{"email": address(who), "workspaces": {"acme": role}} for who, role in roles.items()],
            "serviceAccounts": [
                {"workspace": "acme", "name": "ci", "role": "admin", "apiKey": KEY},
                *({"workspace": "acme", **account} for account in self.accounts),
            ],
            "invitations": [{"workspace": "acme", **invitation} for invitation in invitations],
            **{
                kind: [{"workspace": "acme", **resource} for resource in resources]
                for kind, resources in self.resources.items()
            },
        }

    @cached_property
    def want(self) -> Desired:
        if self.sections:
            return document(guards=GUARDS, **self.sections)
        members = {address(who): role for who, role in {"ada": self.ada, **self.wanted}.items()}
        more = {"settings": dict(self.declared)} if self.declared else {}
        return document(members, guards=GUARDS, **more)

    @property
    def places(self) -> set[str]:
        """The destinations of secrets in the end."""
        entries = self.sections.get("serviceAccounts", {}).values()
        told = [each for entry in entries for each in (entry, *entry.get("apiKeys", {}).values()) if "secretTo" in each]
        return {described(sink) for each in told if (sink := sink_of(each["secretTo"]))}


def address(who: str) -> str:
    return f"{who}@x.io"


SCENARIOS = {
    "invited": Scenario(expired={"lee": "admin"}, wanted={"kim": "viewer", "lee": "viewer"}),
    "corrected": Scenario(wanted={"kim": "viewer"}, quirk=BehaviorFlag.INVITE_IGNORES_ROLE),
    "replaced": Scenario(expired={"kim": "member"}, wanted={"kim": "member"}, quirk=BehaviorFlag.REINVITE_CONFLICTS),
    "roles": Scenario(
        members={"ann": "member", "bob": "admin"}, wanted={"ann": "admin", "bob": "member"}, ada="viewer"
    ),
    "gone": Scenario(members={"bob": "admin", "cid": "member", "dan": "viewer"}, invited={"kim": "admin"}),
    "settings": Scenario(declared={"displayName": "B", "groupMappings": []}, quirk=BehaviorFlag.PUT_REPLACES),
    "policies": Scenario(
        resources={
            "policies": [
                {"name": "eu-only", "spec": {"type": "location", "locations": [{"type": "continent", "name": "eu"}]}},
                {"name": "old", "spec": {"type": "flavor"}},
            ]
        },
        sections={
            "policies": {
                "eu-only": {"spec": {"type": "location", "locations": [{"type": "country", "name": "fr"}]}},
                "new": {"labels": {"a": "b"}, "spec": {"type": "maxToken", "maxTokens": {"total": 5}}},
            }
        },
        quirk=BehaviorFlag.SPEC_MERGES,
    ),
    "integrations": Scenario(
        resources={
            "integrationConnections": [
                {
                    "name": "openai",
                    "spec": {"integration": "openai", "config": {"org": "a"}, "secret": {"apiKey": "x"}},
                },
                {"name": "old", "spec": {"integration": "slack"}},
            ]
        },
        sections={
            "integrations": {
                "openai": {
                    "integration": "openai",
                    "config": {"org": "b"},
                    "secret": {"apiKey": {"env": "KEY"}, "version": 2},
                },
                "new": {"integration": "github", "secret": {"token": {"env": "KEY"}}},
            }
        },
        quirk=BehaviorFlag.MASKED_SECRETS,
    ),
    "environments": Scenario(
        resources={"policies": [{"name": "us", "spec": {"type": "location"}}]},
        sections={
            "environments": {"production": {"policies": ["us"]}, "staging": {"displayName": "S", "policies": ["us"]}},
        },
        quirk=BehaviorFlag.BEAMLIT_ERA,
    ),
    "secrets": Scenario(
        resources={"secrets": [{"name": "OLD"}, {"name": "GONE"}]},
        sections={
            "secrets": {
                "OLD": {"value": {"env": "KEY"}, "updatedAfter": "2026-11-20"},
                "NEW": {"value": {"env": "KEY"}},
            }
        },
    ),
    "shares": Scenario(
        resources={
            "images": [{"name": "bot", "resourceType": "agent", "sharedWith": ["labs"]}],
            "customDomains": [{"name": "a.example.com"}],
        },
        sections={"shares": {"customDomains": {"a.example.com": ["labs", "account"]}}},
    ),
    "accounts-created": Scenario(sections={"serviceAccounts": {"ci": {"role": "admin"}, "bot": RENEWED}}),
    "accounts-changed": Scenario(
        accounts=[
            {"name": "bot", "role": "admin", "apiKey": "bl_bot"},
            {"name": "up", "role": "member"},
            {"name": "old", "role": "member", "apiKey": "bl_old"},
        ],
        sections={
            "serviceAccounts": {
                "ci": {"role": "admin"},
                "up": {"role": "admin"},
                "bot": {"role": "viewer", "description": "CI", "apiKeys": {}},
            }
        },
    ),
    "account-pending": Scenario(
        stopped=True,
        accounts=[{"name": "bot", "role": "member", "description": CLIENT_SECRET}],
        sections={
            "serviceAccounts": {
                "ci": {"role": "admin"},
                "bot": {"role": "viewer", "secretTo": {"file": "bot.json"}},
            }
        },
    ),
    "key-pending": Scenario(
        stopped=True,
        accounts=[
            {"name": "hub", "role": "member", "apiKey": "bl_hub", "description": f"CI {PendingMarker('seed')}"},
        ],
        sections={
            "serviceAccounts": {
                "ci": {"role": "admin"},
                "hub": {"role": "member", "description": "CI", "apiKeys": {"seed": {"secretTo": {"file": "hub"}}}},
            }
        },
    ),
    "key-renewed": Scenario(sections={"serviceAccounts": {"ci": {"role": "admin"}, "bot": RENEWED}}, passed=[80]),
    "old-key-deleted": Scenario(
        sections={"serviceAccounts": {"ci": {"role": "admin"}, "bot": RENEWED}}, passed=[80, 4]
    ),
    "all": Scenario(
        members={"ann": "member", "bob": "admin", "cid": "member", "eve": "admin"},
        invited={"lee": "member", "max": "viewer"},
        expired={"kim": "viewer"},
        wanted={"ann": "admin", "bob": "member", "cid": "member", "max": "member", "new": "viewer", "kim": "viewer"},
        declared={"displayName": "B"},
        ada="member",
        quirk=BehaviorFlag.NO_INVITED_ROLE,
    ),
}
