"""After an apply, looked at past beamctl, in what the workspace keeps: all that the document says is there, and the
rest is as it was. A kind that is blind to a field would agree with itself in every other invariant."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.kinds.registry import all_kinds
from tests.fakes.accounts import MADE
from tests.fakes.journal import stopped
from tests.fakes.runs import NOW, applied, document, planned
from tests.fakes.things import Thing
from tests.fakes.vault import FakeVault
from tests.fakes.workspace import FakeWorkspace
from tests.properties.samples import CANARY, SAMPLES, vault

Entries = Mapping[str, Any]
VERSION = "beamctl-secret-version"
WAS = {"key": "was-there-before"}
LIVES, RENEWED, KEPT = timedelta(days=90), timedelta(days=14), timedelta(days=3)
"""Of every API key that a sample declares: `expiresIn`, `rotateBefore`, `keepOld`."""
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


def accounts_are(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, places: FakeVault) -> None:
    found = {each["name"]: each for each in live.accounts.kept.values()}
    assert len(found) == len(live.accounts.kept)
    assert found.keys() == wanted.keys()
    for name, entry in wanted.items():
        told = found[name]["role"], found[name]["description"].strip()
        assert told == (entry["role"], entry.get("description", "").strip())
        had = was.accounts.kept.get(f"c-{name}")
        stays = had is not None and "(beamctl:" not in had["description"]
        assert (found[name]["client_id"] == f"c-{name}") is stays
        if not stays:
            secret = {"clientId": found[name]["client_id"], "clientSecret": found[name]["client_id"] + MADE}
            assert json.loads(places.holds[f"the file {name}.json"]) == secret


def keys_are(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, places: FakeVault) -> None:
    accounts_are(wanted, was, live, places)
    for account in live.accounts.kept.values():
        name, keys = account["name"], live.accounts.keys.get(account["client_id"], [])
        asked = wanted[name]["apiKeys"]
        assert {key["name"] for key in keys} == asked.keys()
        for each in asked:
            named = sorted((created(key), key["id"], key["expires_in"]) for key in keys if key["name"] == each)
            assert all(begun + OWN_LIVES[lives] > NOW for begun, _, lives in named)
            later = [begun for begun, _, _ in named[1:] if begun + LIVES > NOW]
            assert all(begun + KEPT > NOW for begun in later)  # else the one before it would have gone
            begun, newest, lives = named[-1]
            assert begun + min(LIVES, OWN_LIVES[lives]) > NOW + RENEWED
            if newest.startswith("key-"):
                assert (lives, places.holds[f"the file {name}-{each}"]) == ("90d", newest + MADE)


def created(key: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(key["createdAt"])


def things_are(section: str, built_in: frozenset[str] = frozenset()) -> Callable[..., None]:
    def look(wanted: Entries, was: FakeWorkspace, live: FakeWorkspace, _: FakeVault) -> None:
        before, after = was.things.kept[section], live.things.kept[section]
        assert after.keys() - built_in == wanted.keys() - built_in
        assert after.keys() & built_in == before.keys() & built_in
        for name in after.keys() & wanted.keys():
            thing_is(wanted[name], before.get(name), after[name])

    return look


def thing_is(entry: Entries, was: Thing | None, now: Thing) -> None:
    metadata, spec = now["metadata"], now["spec"]
    had: Thing = was or {"metadata": {}, "spec": {}}
    if entry.get("secret", {}).get("version", version_of(had)) < version_of(had):  # with any change it would go along
        assert now == had
        return
    assert labels_of(now) == entry.get("labels", labels_of(had))
    assert metadata.get("displayName", "") == entry.get("displayName", had["metadata"].get("displayName", ""))
    said = {**entry, **entry.get("spec", {})}
    for field in {"integration", "config", "policies", *entry.get("spec", ())} & said.keys() - {"maxTokens"}:
        assert unordered(spec.get(field, type(said[field])())) == unordered(said[field]), field
    for number, limit in said.get("maxTokens", {}).items():  # only those that are written count
        assert spec["maxTokens"][number] == limit
    assert spec.get("sandbox") == had["spec"].get("sandbox")  # which no document can say
    secret_is(entry.get("secret"), had, now)


def labels_of(each: Thing) -> dict[str, str]:
    return {key: value for key, value in each["metadata"].get("labels", {}).items() if key != VERSION}


def version_of(each: Thing) -> int:
    return int(each["metadata"].get("labels", {}).get(VERSION, 1))


def secret_is(said: Entries | None, had: Thing, now: Thing) -> None:
    version, was = version_of(now), version_of(had)
    secret = now["spec"].get("secret")
    if said is None or (had["spec"] and said["version"] <= was):
        assert secret in (None, had["spec"].get("secret"), {"key": CANARY})  # and never what only hides one
        assert version == was
    else:
        assert (secret, version) == ({"key": CANARY}, said["version"])


LOOKS: Mapping[str, tuple[str, Callable[[Entries, FakeWorkspace, FakeWorkspace, FakeVault], None]]] = {
    "settings": ("settings", settings_are),
    "member": ("members", members_are),
    "service_account": ("serviceAccounts", accounts_are),
    "api_key": ("serviceAccounts", keys_are),
    "policy": ("policies", things_are("policies")),
    "integration": ("integrations", things_are("integrations")),
    "environment": ("environments", things_are("environments", frozenset({"development", "production"}))),
}
"""By the name of a kind, its section and what must be so."""


def test_every_kind_is_looked_at() -> None:
    assert LOOKS.keys() == {kind.name for kind in all_kinds()}


@pytest.mark.parametrize("name", LOOKS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_all_is_there_and_the_rest_is_as_it_was(name: str, data: st.DataObject) -> None:
    sample, (section, look) = SAMPLES[name], LOOKS[name]
    wanted, live = data.draw(sample.sections), data.draw(sample.live)
    for each in live.things.kept["integrations"].values():
        each["spec"]["secret"] = dict(WAS)
    was = FakeWorkspace(deepcopy(live.users), deepcopy(live.settings), deepcopy(live.things), deepcopy(live.accounts))
    names = wanted.get("serviceAccounts", {})
    runs = stopped(*names, *(f"{each}/{key}" for each in names for key in names[each].get("apiKeys", ())))
    plan = planned(document(**wanted), live, interrupted=runs)
    if sample.refused(plan):
        return
    places = vault()
    applied(plan, live, vault=places)
    look(wanted[section], was, live, places)
