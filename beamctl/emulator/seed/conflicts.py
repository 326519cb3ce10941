"""Finds conflicts of a seed with itself and with the database. Messages quote no key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain

from beamctl.emulator.credentials import digest
from beamctl.emulator.kind import ACCOUNT, CUSTOM_DOMAINS, VERIFIED
from beamctl.emulator.rules import folded
from beamctl.emulator.seed.entries import Seed
from beamctl.emulator.store import service_account, workspace


def conflicts(db: sqlite3.Connection, seed: Seed) -> list[str]:
    """All conflicts, each with its path."""
    return [
        *_workspaces(db, seed),
        *_references(seed),
        *_shares(seed),
        *_people(seed),
        *_accounts(db, seed),
        *_keys(db, seed),
        *_resources(seed),
    ]


def _workspaces(db: sqlite3.Connection, seed: Seed) -> Iterator[str]:
    yield from _duplicates((f"{entry.path}.name", entry.name, entry.name) for entry in seed.workspaces)
    for entry in seed.workspaces:
        if workspace.find(db, entry.name):
            yield f"{entry.path}.name: the workspace {entry.name} already exists"


def _references(seed: Seed) -> Iterator[str]:
    """Workspaces that are referred to but not in the seed."""
    known = {entry.name for entry in seed.workspaces}
    named = chain(
        ((f"{user.path}.workspaces", name) for user in seed.users for name in user.roles),
        ((f"{entry.path}.workspace", entry.workspace) for entry in seed.invitations),
        ((f"{entry.path}.workspace", entry.workspace) for entry in seed.accounts),
        ((f"{entry.path}.workspace", entry.workspace) for entry in seed.resources),
    )
    for path, name in named:
        if name not in known:
            yield f"{path}: the seed has no workspace {name}"


def _shares(seed: Seed) -> Iterator[str]:
    """Shares with the workspace itself, or with one that is not in the seed."""
    known = {entry.name for entry in seed.workspaces}
    for one in seed.resources:
        everyone = {ACCOUNT} if one.kind is CUSTOM_DOMAINS else set()
        for name in one.shared_with:
            if name not in (known - {one.workspace}) | everyone:
                yield f"{one.path}.sharedWith: the seed has no other workspace {name}"
        if one.shared_with and one.kind is CUSTOM_DOMAINS and one.fields.spec["status"] != VERIFIED:
            yield f"{one.path}.sharedWith: only a verified custom domain can be shared"


def _people(seed: Seed) -> Iterator[str]:
    yield from _duplicates((f"{user.path}.email", folded(user.email), user.email) for user in seed.users)
    yield from _duplicates(
        (f"{entry.path}.email", f"{entry.workspace} {folded(entry.email)}", entry.email) for entry in seed.invitations
    )
    members = {(name, folded(user.email)) for user in seed.users for name in user.roles}
    for entry in seed.invitations:
        if (entry.workspace, folded(entry.email)) in members:
            yield f"{entry.path}.email: {entry.email} is a member of {entry.workspace}"
    managed = {entry.name for entry in seed.workspaces if entry.facts.baseten_team}
    for entry in seed.invitations:
        if entry.workspace in managed:
            yield f"{entry.path}.workspace: {entry.workspace} is managed by Baseten and cannot have invitations"


def _accounts(db: sqlite3.Connection, seed: Seed) -> Iterator[str]:
    given = [(f"{entry.path}.clientId", entry.client_id) for entry in seed.accounts if entry.client_id]
    yield from _duplicates((path, client_id, client_id) for path, client_id in given)
    for path, client_id in given:
        if service_account.find(db, client_id):
            yield f"{path}: the service account {client_id} already exists"


def _keys(db: sqlite3.Connection, seed: Seed) -> Iterator[str]:
    given = [(f"{user.path}.apiKey", digest(user.key)) for user in seed.users if user.key]
    given += [(f"{entry.path}.apiKey", digest(entry.key)) for entry in seed.accounts if entry.key]
    given += [(f"{key.path}.apiKey", digest(key.key)) for entry in seed.accounts for key in entry.keys or () if key.key]
    yield from _duplicates((path, key, "this key") for path, key in given)
    for path, key in given:
        if service_account.key_is_known(db, key):
            yield f"{path}: this key already exists"


def _resources(seed: Seed) -> Iterator[str]:
    return _duplicates(
        (f"{one.path}.name", f"{one.kind.name} {one.workspace} {one.name}", one.name) for one in seed.resources
    )


def _duplicates(places: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """A problem for each value that occurs twice. Each place is a path, the compared value, and the value as shown."""
    first: dict[str, str] = {}
    for path, compared, called in places:
        if compared in first:
            yield f"{path}: {called} is already at {first[compared]}"
        first.setdefault(compared, path)
