"""For each kind, strategies of documents and workspaces. Several test modules use them; one of their tests checks that
every kind has a sample."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from beamctl.document.desired import Desired
from beamctl.kinds.share.live import Shareable
from beamctl.model.code import Code
from beamctl.plan.hazard import Risk
from beamctl.plan.plan import Plan
from tests.fakes.resources import FakeResources, resource
from tests.fakes.runs import document
from tests.fakes.secrets_and_shares import PAST, FakeSecrets, FakeShares
from tests.fakes.service_accounts import FakeServiceAccounts, api_key, service_account
from tests.fakes.vault import FakeVault
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

CANARY = "sk-canary-0123456789abcdef"
EMAILS = [f"p{number}@x.io" for number in range(7)] + ["Ann.Other@X.io"]
SPELLINGS = [email.upper() for email in EMAILS] + EMAILS
ROLES = st.sampled_from(["admin", "member", "viewer"])
Sections = Mapping[str, Any]


def vault() -> FakeVault:
    """A vault with the secrets that connections need."""
    return FakeVault({"the environment variable KEY": CANARY})


live_people = st.builds(
    lambda email, role, standing, source: person(
        email,
        role,
        accepted=standing == "accepted",
        expired=standing == "expired",
        **({"source": source} if source else {}),
    ),
    st.sampled_from(EMAILS),
    ROLES,
    st.sampled_from(["accepted", "accepted", "invited", "expired"]),
    st.sampled_from(["", "", "invitation", "directory_sync", "domain_capture"]),
)
workspaces = st.lists(live_people, max_size=8, unique_by=lambda each: str(each["email"]).lower()).map(FakeWorkspace.of)
entries = st.one_of(
    ROLES,
    st.fixed_dictionaries(
        {"role": ROLES},
        optional={
            "until": st.sampled_from(["2026-11-24", "2026-11-25", "2020-02-29", "2099-01-01"]),
            "reason": st.text("ab |é`@", min_size=1, max_size=5).map(str.strip).filter(bool),
        },
    ),
)
members = st.dictionaries(st.sampled_from(SPELLINGS), entries, max_size=8).filter(
    lambda found: len({email.lower() for email in found}) == len(found)
)

guards = st.fixed_dictionaries(
    {},
    optional={
        "minAdmins": st.integers(0, 3),
        "maxRemovals": st.sampled_from([0, 1, 9, "0%", "50%"]),
        "allowedDomains": st.sampled_from([[], ["y.io"]]),
        "protected": st.lists(st.sampled_from(EMAILS), max_size=3, unique=True),
        "self": st.sampled_from([{"email": "P0@x.io"}, {"email": "nobody@x.io"}, {"serviceAccount": "ci"}]),
    },
)


def met(guarded: Mapping[str, Any], listed: Mapping[str, Any] | None) -> dict[str, Any]:
    """The guards, with a `minAdmins` that these members can meet."""
    if listed is None or "minAdmins" not in guarded:
        return dict(guarded)
    roles = [entry["role"] if isinstance(entry, dict) else entry for entry in listed.values()]
    return {**guarded, "minAdmins": min(guarded["minAdmins"], roles.count("admin"))}


labels = st.dictionaries(st.text('ab"é', min_size=1, max_size=3), st.text("x é", max_size=3), max_size=2)
mappings = st.lists(
    st.fixed_dictionaries({"groupName": st.sampled_from(["a", "b", "é"]), "role": ROLES}),
    max_size=2,
    unique_by=lambda each: each["groupName"],
)
sandbox = st.sampled_from([{}, {"disableProcessLogging": True}, {"disableProcessLogging": False}])
settings = st.fixed_dictionaries(
    {},
    optional={
        "displayName": st.text('aé"', min_size=1, max_size=4),
        "labels": labels,
        "groupMappings": mappings,
        "sandbox": sandbox,
    },
)
shown_settings = st.fixed_dictionaries(
    {"name": st.just("acme")},
    optional={
        "displayName": st.text('aé"', max_size=4),
        "labels": labels,
        "groupMappings": mappings,
        "runtime": st.fixed_dictionaries({"generation": st.just("mk3")}, optional={"sandbox": sandbox}),
    },
)

ACCOUNT_NAMES = ["ci", "a b"]
KEYS = ["hub", "lab"]
declared_keys = st.dictionaries(
    st.sampled_from(KEYS),
    st.fixed_dictionaries({"expiresIn": st.just("90d"), "rotateBefore": st.just("14d"), "keepOld": st.just("3d")}),
    max_size=2,
)
declared_account = st.fixed_dictionaries({"role": ROLES}, optional={"description": st.text("a é", max_size=4)})
MARKER = "(beamctl: client secret not handed over yet)"
live_machine = st.tuples(ROLES, st.sampled_from(["", "CI", MARKER, f"CI {MARKER}"]))
live_keys = st.lists(
    st.tuples(
        st.sampled_from([*KEYS, "hub", "by hand"]),
        st.sampled_from(["2026-08-20", "2026-09-01", "2026-11-22", "2025-01-01"]),
        st.sampled_from(["90d", "", "2592000"]),
    ),
    max_size=3,
)


def with_places(found: dict[str, dict[str, Any]]) -> Sections:
    """Give each secret its own destination."""
    for name, entry in found.items():
        entry["secretTo"] = {"file": f"{name}.json"}
        for key, declared in entry.get("apiKeys", {}).items():
            declared["secretTo"] = {"file": f"{name}-{key}"}
    return {"serviceAccounts": found}


def accounts_of(found: Mapping[str, tuple[tuple[str, str], list[tuple[str, str, str]]]]) -> FakeWorkspace:
    live = FakeServiceAccounts()
    for name, ((role, description), keys) in found.items():
        live.kept[f"c-{name}"] = service_account(f"c-{name}", name, role, description)
        live.keys[f"c-{name}"] = [
            api_key(f"k{number}-{len(name)}{name[0]}", key, f"{day}T00:00:00Z", lives)
            for number, (key, day, lives) in enumerate(keys)
        ]
    return FakeWorkspace.of([person("root@x.io", "admin")], accounts=live)


declared_accounts = st.dictionaries(st.sampled_from(ACCOUNT_NAMES), declared_account, max_size=3)
with_keys = st.dictionaries(
    st.sampled_from(ACCOUNT_NAMES),
    st.builds(lambda entry, keys: {**entry, "apiKeys": keys}, declared_account, declared_keys),
    max_size=3,
)
live_accounts = st.dictionaries(
    st.sampled_from([*ACCOUNT_NAMES, "old"]), st.tuples(live_machine, live_keys), max_size=3
).map(accounts_of)

NAMES = ["a", "b-2", "production", "x" * 49]
texts = st.dictionaries(st.sampled_from(["k", "é", "a.b"]), st.text('x"é', max_size=2), max_size=2)
locations = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["country", "continent"]), "name": st.sampled_from(["eu", "us"])}),
    max_size=3,
)
specs: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "policies": st.fixed_dictionaries(
        {"type": st.sampled_from(["location", "maxToken"])},
        optional={
            "resourceTypes": st.lists(st.sampled_from(["model", "agent", "function"]), max_size=3),
            "locations": locations,
            "maxTokens": st.dictionaries(st.sampled_from(["input", "total"]), st.integers(0, 2), max_size=2),
        },
    ),
    "integrations": st.fixed_dictionaries(
        {"integration": st.sampled_from(["openai", "slack"])}, optional={"config": texts}
    ),
    "environments": st.fixed_dictionaries({}, optional={"policies": st.lists(st.sampled_from(NAMES), max_size=3)}),
}
metadata = st.fixed_dictionaries({}, optional={"displayName": st.text("aé", max_size=3), "labels": texts})
versions = st.none() | st.integers(1, 3)
Attributes = tuple[dict[str, Any], dict[str, Any], int | None]


def entry(section: str, attributes: Attributes) -> dict[str, Any]:
    """The entry of a document."""
    spec, more, version = attributes
    nested = {"spec": spec} if section == "policies" else spec
    secret = {"secret": {"key": {"env": "KEY"}, "version": version}} if version and section == "integrations" else {}
    return {**more, **nested, **secret}


def kept(section: str, name: str, attributes: Attributes) -> dict[str, Any]:
    """The resource as the API stores it, sometimes with a field that a document cannot express."""
    spec, more, version = attributes
    version_label = {"beamctl-secret-version": str(version)} if version and section == "integrations" else {}
    unknown = {"sandbox": True} if version and section != "environments" else {}
    tagged = {**more.get("labels", {}), **version_label}
    return resource(name, tagged, more.get("displayName", ""), **spec, **unknown)


def resources(section: str) -> st.SearchStrategy[dict[str, Attributes]]:
    return st.dictionaries(st.sampled_from(NAMES), st.tuples(specs[section], metadata, versions), max_size=3)


def declared_resources(section: str) -> st.SearchStrategy[Sections]:
    return resources(section).map(
        lambda found: {section: {name: entry(section, attributes) for name, attributes in found.items()}}
    )


def live_resources(section: str) -> st.SearchStrategy[FakeWorkspace]:
    odd = st.frozensets(st.sampled_from(["put-replaces", "spec-merges", "masked-secrets", "echoed-secrets"]))

    def workspace(found: dict[str, Attributes], paged: int, quirks: frozenset[str]) -> FakeWorkspace:
        fake = FakeResources(paged=paged)
        fake.kept[section] = {name: kept(section, name, attributes) for name, attributes in found.items()}
        return FakeWorkspace.of([person("root@x.io", "admin")], resources=fake, quirks=quirks)

    return st.builds(workspace, resources(section), st.integers(0, 2), odd)


SECRET_NAMES = ["KEY_A", "key_a", "B-2"]
TIMES = ["2026-11-01", "2026-11-24T23:59:59Z", "2099-01-01"]
declared_secrets = st.dictionaries(
    st.sampled_from(SECRET_NAMES),
    st.fixed_dictionaries({"value": st.just({"env": "KEY"})}, optional={"updatedAfter": st.sampled_from(TIMES)}),
    max_size=3,
)


def secrets_of(found: Mapping[str, str]) -> FakeWorkspace:
    live = FakeSecrets()
    for name, updated in found.items():
        live.add(name, updated)
    return FakeWorkspace.of([person("root@x.io", "admin")], secrets=live)


live_secrets = st.dictionaries(
    st.sampled_from([*SECRET_NAMES, "old"]), st.sampled_from([PAST, "2026-11-24T00:00:00Z"]), max_size=3
).map(secrets_of)

TARGETS = st.lists(st.sampled_from(["beta", "gamma"]), max_size=2, unique=True)
OBJECTS = {"images": ["agent/a", "sandbox/a", "agent/none"], "customDomains": ["a.example.com", "b.example.com"]}
declared_shares = st.fixed_dictionaries(
    {}, optional={key: st.dictionaries(st.sampled_from(names), TARGETS, max_size=3) for key, names in OBJECTS.items()}
)


def shares_of(found: Mapping[str, Mapping[str, list[str]]], pending: frozenset[str]) -> FakeWorkspace:
    live = FakeShares(pending=set(pending))
    for what in Shareable:
        live.kept[what] = {name: list(targets) for name, targets in found[what.key].items()}
    return FakeWorkspace.of([person("root@x.io", "admin")], shares=live)


live_shares = st.builds(
    shares_of,
    st.fixed_dictionaries(
        {
            key: st.fixed_dictionaries({name: TARGETS for name in names if name != "agent/none"})
            for key, names in OBJECTS.items()
        }
    ),
    st.frozensets(st.sampled_from(["beta", "gamma"])),
)


def not_shared(plan: Plan) -> bool:
    """Whether something cannot be shared because it does not exist."""
    return any(note.fact.code is Code.NOTHING_TO_SHARE for note in plan.notes)


def never(_plan: Plan) -> bool:
    """Never refuse a plan."""
    return False


def locked_out(plan: Plan) -> bool:
    """Whether the plan has a hazard that cannot be allowed."""
    return any(hazard.risk in (Risk.LAST_ADMIN, Risk.LIVE_EMPTY) for hazard in plan.hazards)


def built_in(plan: Plan) -> bool:
    """Whether the API refuses the plan: built-in objects cannot be created, and versions cannot be lowered."""
    return any("is built in" in words(note.fact) or "is sent again" in words(note.fact) for note in plan.notes)


@dataclass(frozen=True)
class Sample:
    """Attributes:
    sections: Sections of documents.
    live: Workspaces.
    refused: Whether a plan cannot be applied.
    stays: Whether a difference remains after an apply, and is reported.
    """

    sections: st.SearchStrategy[Sections]
    live: st.SearchStrategy[FakeWorkspace]
    refused: Callable[[Plan], bool] = never
    stays: Callable[[Plan], bool] = never

    @property
    def wanted(self) -> st.SearchStrategy[Desired]:
        return self.sections.map(lambda found: document(**found))


def in_section(name: str) -> Callable[[Any], Sections]:
    return lambda found: {name: found}


SAMPLES = {
    "settings": Sample(
        settings.map(in_section("settings")),
        st.builds(
            lambda itself, odd: FakeWorkspace.of([person("root@x.io", "admin")], settings=itself, quirks=odd),
            shown_settings,
            st.sampled_from([frozenset[str](), frozenset({"put-replaces"})]),
        ),
    ),
    "member": Sample(members.map(in_section("members")), workspaces, refused=locked_out),
    "service_account": Sample(declared_accounts.map(with_places), live_accounts),
    "api_key": Sample(with_keys.map(with_places), live_accounts),
    "policy": Sample(declared_resources("policies"), live_resources("policies")),
    "integration": Sample(declared_resources("integrations"), live_resources("integrations"), stays=built_in),
    "environment": Sample(declared_resources("environments"), live_resources("environments"), stays=built_in),
    "secret": Sample(declared_secrets.map(in_section("secrets")), live_secrets),
    "share": Sample(declared_shares.map(in_section("shares")), live_shares, stays=not_shared),
}
"""By name of the kind."""
