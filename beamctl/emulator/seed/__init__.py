"""Loads a seed in one transaction; if anything is invalid, nothing is loaded and all problems are reported."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from beamctl.emulator.clock import MovableClock, read_lifetime
from beamctl.emulator.credentials import digest, new_api_key, new_client_secret, new_identifier
from beamctl.emulator.errors import SeedError
from beamctl.emulator.permission import OPERATOR_NAME, Person, ServiceAccount
from beamctl.emulator.seed.conflicts import conflicts
from beamctl.emulator.seed.entries import (
    GeneratedKey,
    KeyKind,
    Seed,
    SeedAccount,
    SeedInvitation,
    SeedKey,
    SeedResource,
    SeedUser,
    SeedWorkspace,
    read,
)
from beamctl.emulator.seed.structure import structure_problems
from beamctl.emulator.store import (
    ClockOffset,
    Database,
    membership,
    people,
    resource,
    service_account,
    share,
    workspace,
)
from beamctl.emulator.store.resource import ResourceScope


def load_seed(
    db: Path,
    data: Any,  # noqa: ANN401 - plain data, checked first
    *,
    now: Callable[[], datetime] | None = None,
) -> list[GeneratedKey]:
    """Add the workspaces, people, invitations and service accounts of a seed: all of them or none.

    Args:
        db: The database file; created if it does not exist.
        data: The parsed seed file.
        now: The clock; None for the one of the database.

    Returns:
        The generated keys and secrets. They cannot be read again.

    Raises:
        EmulatorError: The file cannot be opened.
        SeedError: The seed is invalid; the error lists all problems.
    """
    if wrong := structure_problems(data):
        raise SeedError(wrong)
    seed = read(data)
    with closing(Database(db)) as database, database.writing() as rows:
        clock = now or MovableClock(offset=ClockOffset(database))
        if wrong := conflicts(rows, seed):
            raise SeedError(wrong, conflicts=True)
        return list(_add(rows, seed, clock()))


def _add(db: sqlite3.Connection, seed: Seed, moment: datetime) -> Iterator[GeneratedKey]:
    spaces = {entry.name: _add_workspace(db, entry, moment) for entry in seed.workspaces}
    for user in seed.users:
        yield from _add_user(db, user, spaces, moment)
    for entry in seed.invitations:
        _add_invitation(db, entry, spaces[entry.workspace], moment)
    for account in seed.accounts:
        yield from _add_account(db, account, spaces[account.workspace], moment)
    for item in seed.resources:
        _add_resource(db, item, spaces, moment)


def _add_workspace(db: sqlite3.Connection, entry: SeedWorkspace, moment: datetime) -> int:
    space = workspace.create(db, entry.name, entry.settings, OPERATOR_NAME, moment).id
    workspace.set_facts(db, space, entry.facts)
    if entry.features:
        workspace.set_features(db, space, entry.features)
    return space


def _add_user(
    db: sqlite3.Connection, user: SeedUser, spaces: Mapping[str, int], moment: datetime
) -> Iterator[GeneratedKey]:
    """Sign up a person. An account from an earlier seed is kept, with its keys."""
    someone = people.sign_up(db, user.email, moment)
    people.describe(db, someone.sub, user.given_name, user.family_name, mfa=user.mfa)
    people.set_billing(db, someone.sub, linked=user.billing)
    for name, role in user.roles.items():
        membership.add_member(db, spaces[name], someone.sub, role, user.source, moment)
        if user.source == people.DIRECTORY_SOURCE:
            people.add_to_directory(db, spaces[name], someone.sub, role)
    yield from _add_key(db, user.key, someone, GeneratedKey(user.email, new_api_key(), KeyKind.PERSONAL), moment)


def _add_invitation(db: sqlite3.Connection, entry: SeedInvitation, space: int, moment: datetime) -> None:
    expires = entry.expires or moment + membership.INVITATION_LIFETIME
    created = min(moment, expires - membership.INVITATION_LIFETIME)
    membership.add_invitation(
        db, space, membership.InvitationDraft(entry.email, entry.role, OPERATOR_NAME, created, expires)
    )


def _add_account(db: sqlite3.Connection, entry: SeedAccount, space: int, moment: datetime) -> Iterator[GeneratedKey]:
    client_id, secret = entry.client_id or new_identifier(), entry.client_secret or new_client_secret()
    fields = service_account.AccountFields(entry.name, entry.role, entry.description or "")
    account = service_account.add(db, space, client_id, digest(secret), fields, moment)
    who = f"{entry.workspace}/{entry.name}"
    if entry.client_secret is None:
        yield GeneratedKey(who, f"{client_id}:{secret}", KeyKind.CLIENT_CREDENTIALS)
    if entry.key is not None or entry.keys is None:
        yield from _add_key(db, entry.key, account, GeneratedKey(who, new_api_key(), KeyKind.SERVICE_ACCOUNT), moment)
    for key in entry.keys or ():
        yield from _add_named_key(db, key, account, who, moment)


def _add_named_key(
    db: sqlite3.Connection, entry: SeedKey, owner: ServiceAccount, who: str, moment: datetime
) -> Iterator[GeneratedKey]:
    key = entry.key or new_api_key()
    duration = read_lifetime(entry.expires_in, seconds=False)
    draft = service_account.KeyDraft(digest(key), owner, entry.name, OPERATOR_NAME, entry.expires_in, duration)
    service_account.add_key(db, draft, entry.created or moment)
    if entry.key is None:
        yield GeneratedKey(f"{who} {entry.name}".strip(), key, KeyKind.SERVICE_ACCOUNT)


def _add_resource(db: sqlite3.Connection, entry: SeedResource, spaces: Mapping[str, int], moment: datetime) -> None:
    """Create an object, or update it if it is built in, and share it."""
    put = resource.change if entry.name in entry.kind.built_in else resource.add
    scope = ResourceScope(spaces[entry.workspace], entry.kind.name)
    put(db, scope, entry.name, entry.fields, OPERATOR_NAME, moment)
    for target in entry.shared_with:
        row = resource.find(db, scope, entry.name)
        share.add(db, row["id"] if row else 0, spaces.get(target))


def _add_key(
    db: sqlite3.Connection, given: str | None, owner: Person | ServiceAccount, made: GeneratedKey, moment: datetime
) -> Iterator[GeneratedKey]:
    """Store the given key, or else the generated one, which is then returned."""
    service_account.add_key(
        db, service_account.KeyDraft(digest(given or made.key), owner, "seed", by=owner.name), moment
    )
    if given is None:
        yield made
