"""After an apply, the stored state of the workspace is the declared one, and the rest is unchanged. The other
invariants cannot find a field that a kind ignores; this one can."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.kinds.registry import all_kinds
from beamctl.kinds.share.live import Shareable
from tests.fakes.journal import interrupted_runs
from tests.fakes.resources import Resource
from tests.fakes.runs import NOW, TODAY, applied, document, planned
from tests.fakes.service_accounts import SECRET_SUFFIX
from tests.fakes.vault import FakeVault
from tests.fakes.workspace import FakeWorkspace
from tests.properties.samples import CANARY, SAMPLES, vault

Entries = Mapping[str, Any]
VERSION = "beamctl-secret-version"
WAS = {"key": "was-there-before"}
LIVES, RENEWED, KEPT = timedelta(days=90), timedelta(days=14), timedelta(days=3)
"""`expiresIn`, `rotateBefore` and `keepOld` of every API key in the samples."""
OWN_LIVES = {"90d": LIVES, "2592000": timedelta(days=30), "": timedelta(days=9999)}


def unordered(value: Any) -> Any:
    return sorted({json.dumps(each, sort_keys=True) for each in value}) if isinstance(value, list) else value


def settings_are(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, _: FakeVault) -> None:
    def rest(itself: Mapping[str, Any]) -> dict[str, Any]:
        runtime = {key: value for key, value in itself.get("runtime", {}).items() if key != "sandbox"}
        return {key: value for key, value in itself.items() if key not in wanted} | {"runtime": runtime}

    shown = {**live.settings, "sandbox": live.settings.get("runtime", {}).get("sandbox", {})}
    for name, value in wanted.items():
        assert unordered(shown.get(name, type(value)())) == unordered(value)
    assert rest(live.settings) == rest(was.settings)


def members_are(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, _: FakeVault) -> None:
    directory = {key for key, user in was.users.items() if user.get("source") in ("directory_sync", "domain_capture")}
    asked = {key.lower(): entry if isinstance(entry, dict) else {"role": entry} for key, entry in wanted.items()}
    there = {key for key, entry in asked.items() if entry.get("until", "9") > f"{NOW:%Y-%m-%d}"}
    assert live.users.keys() == there | directory
    for key in there - directory:
        assert live.users[key]["role"] == asked[key]["role"]
        assert not live.users[key].get("expired")


def service_accounts_are(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, places: FakeVault) -> None:
    found = {each["name"]: each for each in live.accounts.kept.values()}
    assert len(found) == len(live.accounts.kept)
    assert found.keys() == wanted.keys()
    for name, entry in wanted.items():
        given = found[name]["role"], found[name]["description"].strip()
        assert given == (entry["role"], entry.get("description", "").strip())
        had = was.accounts.kept.get(f"c-{name}")
        stays = had is not None and "(beamctl:" not in had["description"]
        assert (found[name]["client_id"] == f"c-{name}") is stays
        if not stays:
            secret = {"clientId": found[name]["client_id"], "clientSecret": found[name]["client_id"] + SECRET_SUFFIX}
            assert json.loads(places.holds[f"the file {name}.json"]) == secret


def api_keys_are(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, places: FakeVault) -> None:
    service_accounts_are(wanted, was, live, places)
    for account in live.accounts.kept.values():
        name, keys = account["name"], live.accounts.keys.get(account["client_id"], [])
        asked = wanted[name]["apiKeys"]
        assert {key["name"] for key in keys} == asked.keys()
        for each in asked:
            named = sorted((created(key), key["id"], key["expires_in"]) for key in keys if key["name"] == each)
            assert all(begun + OWN_LIVES[lives] > NOW for begun, _, lives in named)
            later = [begun for begun, _, _ in named[1:] if begun + LIVES > NOW]
            assert all(begun + KEPT > NOW for begun in later)  # otherwise the previous key would have been deleted
            begun, newest, lives = named[-1]
            assert begun + min(LIVES, OWN_LIVES[lives]) > NOW + RENEWED
            if newest.startswith("key-"):
                assert (lives, places.holds[f"the file {name}-{each}"]) == ("90d", newest + SECRET_SUFFIX)


def created(key: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(key["createdAt"])


def resources_are(section: str, built_in: frozenset[str] = frozenset()) -> Callable[..., None]:
    def check(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, _: FakeVault) -> None:
        before, after = was.resources.kept[section], live.resources.kept[section]
        assert after.keys() - built_in == wanted.keys() - built_in
        assert after.keys() & built_in == before.keys() & built_in
        for name in after.keys() & wanted.keys():
            resource_is(wanted[name], before.get(name), after[name])

    return check


def resource_is(entry: Entries, was: Resource | None, now: Resource) -> None:
    metadata, spec = now["metadata"], now["spec"]
    had: Resource = was or {"metadata": {}, "spec": {}}
    if entry.get("secret", {}).get("version", version_of(had)) < version_of(
        had
    ):  # any change would also send the secret
        assert now == had
        return
    assert labels_of(now) == entry.get("labels", labels_of(had))
    assert metadata.get("displayName", "") == entry.get("displayName", had["metadata"].get("displayName", ""))
    said = {**entry, **entry.get("spec", {})}
    for field in {"integration", "config", "policies", *entry.get("spec", ())} & said.keys() - {"maxTokens"}:
        assert unordered(spec.get(field, type(said[field])())) == unordered(said[field]), field
    for number, limit in said.get("maxTokens", {}).items():  # only declared limits are compared
        assert spec["maxTokens"][number] == limit
    assert spec.get("sandbox") == had["spec"].get("sandbox")  # a document cannot express it
    secret_is(entry.get("secret"), had, now)


def labels_of(each: Resource) -> dict[str, str]:
    return {key: value for key, value in each["metadata"].get("labels", {}).items() if key != VERSION}


def version_of(each: Resource) -> int:
    return int(each["metadata"].get("labels", {}).get(VERSION, 1))


def secret_is(said: Entries | None, had: Resource, now: Resource) -> None:
    version, was = version_of(now), version_of(had)
    secret = now["spec"].get("secret")
    if said is None or (had["spec"] and said["version"] <= was):
        assert secret in (None, had["spec"].get("secret"), {"key": CANARY})  # never a masked value
        assert version == was
    else:
        assert (secret, version) == ({"key": CANARY}, said["version"])


def secrets_are(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, _: FakeVault) -> None:
    assert live.secrets.values.keys() == wanted.keys()
    for name, entry in wanted.items():
        before, asked = was.secrets.updated.get(name), entry.get("updatedAfter", "")
        is_due = before is None or (before < asked <= f"{TODAY.isoformat()}T")  # times in one format compare as text
        assert live.secrets.values[name] == (CANARY if is_due else was.secrets.values[name])


def shares_are(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, _: FakeVault) -> None:
    for what in Shareable:
        asked = wanted.get(what.key, {})
        assert live.shares.kept[what].keys() == was.shares.kept[what].keys()
        for name, targets in live.shares.kept[what].items():
            assert sorted(targets) == sorted(asked.get(name, ()))


CHECKS: Mapping[str, tuple[str, Callable[[Entries, FakeWorkspace, FakeWorkspace, FakeVault], None]]] = {
    "settings": ("settings", settings_are),
    "member": ("members", members_are),
    "service_account": ("serviceAccounts", service_accounts_are),
    "api_key": ("serviceAccounts", api_keys_are),
    "policy": ("policies", resources_are("policies")),
    "integration": ("integrations", resources_are("integrations")),
    "environment": ("environments", resources_are("environments", frozenset({"development", "production"}))),
    "secret": ("secrets", secrets_are),
    "share": ("shares", shares_are),
}
"""The section and the check of each kind."""


def test_every_kind_has_a_check() -> None:
    assert CHECKS.keys() == {kind.name for kind in all_kinds()}


@pytest.mark.parametrize("name", CHECKS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_apply_makes_the_declared_state_and_changes_nothing_else(name: str, data: st.DataObject) -> None:
    sample, (section, check) = SAMPLES[name], CHECKS[name]
    wanted, live = data.draw(sample.sections), data.draw(sample.live)
    for each in live.resources.kept["integrations"].values():
        each["spec"]["secret"] = dict(WAS)
    was = live.copied()
    names = wanted.get("serviceAccounts", {})
    runs = interrupted_runs(*names, *(f"{each}/{key}" for each in names for key in names[each].get("apiKeys", ())))
    plan = planned(document(**wanted), live, interrupted=runs)
    if sample.refused(plan):
        return
    places = vault()
    applied(plan, live, vault=places)
    check(wanted[section], was, live, places)
