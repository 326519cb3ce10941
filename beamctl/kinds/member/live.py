"""People as the API shows them, and as a document section whose plan is empty."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from beamctl.document.problem import quoted
from beamctl.errors import GarbledError
from beamctl.kinds.member.desired import ACKNOWLEDGED, doubtful
from beamctl.kinds.member.table import Standing
from beamctl.model.code import Code
from beamctl.model.email import fault, folded
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import LiveRole, Role, UnknownRole, live_role
from beamctl.model.text import is_whole
from beamctl.plan.change import Change
from beamctl.plan.listing import Exported, Trail

LONGEST_TEXT = 1_000
"""Maximum length of an e-mail, role, source or id; longer ones are rejected as implausible."""
_PERSONAL_FIELDS = ("email_verified", "given_name", "family_name", "source", "mfa_enabled")
_LOCAL_SOURCES = frozenset({"", "invitation", "local"})
_BY_STANDING = {Standing.DIRECTORY: 3, Standing.ACCEPTED: 2, Standing.INVITED: 1, Standing.EXPIRED: 0}
_BY_ROLE: Mapping[LiveRole, int] = {Role.ADMIN: 2, Role.MEMBER: 1, Role.VIEWER: 0}


@dataclass(frozen=True, slots=True)
class Person:
    """One live member or one invitation.

    Attributes:
        email: As the API spells it.
        role: As the API shows it; `UnknownRole("")` if it shows none (invitations only).
        standing: A source that is not known counts as a directory, which beamctl does not manage.
        accepted: Whether they have access now.
        source: `invitation`, `directory_sync`, `domain_capture`; `local` if the API shows none.
        sub: The API's id; may be empty.
    """

    email: str
    role: LiveRole
    standing: Standing
    accepted: bool
    source: str
    sub: str

    @property
    def is_admin(self) -> bool:
        """Whether they are an admin now. Invited admins are not yet."""
        return self.accepted and self.role is Role.ADMIN


People = Mapping[str, Person]
"""Everyone in a workspace by folded e-mail."""


def people(payload: Any) -> People:  # noqa: ANN401 - validated here
    """Parse `GET /users`. Of two entries for one e-mail, the one with more access counts. Service accounts in the list
    are ignored.

    Raises:
        GarbledError: The payload is not a list of members with an e-mail each, and a role for each accepted one.
    """
    if not isinstance(payload, list):
        raise GarbledError("the API's list of users is not a list", "Check --api-url and try again later.")
    found: dict[str, Person] = {}
    for entry in payload:
        person = _person(entry)
        if person is not None:
            key = folded(person.email)
            other = found.get(key)
            if other is None or _access(other) < _access(person):
                found[key] = person
    return found


def _access(person: Person) -> tuple[bool, int, int, str]:
    """A sort key for how much access an entry gives. An unknown role may give any."""
    return person.accepted, _BY_ROLE.get(person.role, 3), _BY_STANDING[person.standing], person.email


def _person(entry: Any) -> Person | None:  # noqa: ANN401 - as above
    """Parse one entry; None for a service account."""
    if not isinstance(entry, dict):
        raise _garbled()
    get = entry.get
    email, sub = get("email"), get("sub") or ""
    if not isinstance(sub, str) or len(sub) > LONGEST_TEXT:
        raise _garbled()
    if not isinstance(email, str) or "@" not in email:
        if sub and _is_service_account(entry):
            return None
        if not isinstance(email, str) or not email:
            raise _garbled()
    if len(email) > LONGEST_TEXT or not (email.isascii() or is_whole(email)):
        raise _garbled()
    try:
        role, standing, accepted, source = _status(get("role"), get("accepted"), get("expired"), get("source"))
    except TypeError:  # one of them is a list or an object
        raise _garbled() from None
    if accepted and not get("role"):
        raise GarbledError(f"the API shows the member {quoted(email)} without a role", "Try again later.")
    return Person(email, role, standing, accepted, source, sub)


def _is_service_account(entry: Mapping[str, Any]) -> bool:
    """Whether this is a service account: an accepted entry with no address and nothing that only people have.

    Whether the API lists them among the users is not documented. A person without an address is not one: such a
    listing is rejected as incomplete.
    """
    email = entry.get("email") or ""
    is_person = not isinstance(email, str) or any(entry.get(name) for name in _PERSONAL_FIELDS)
    return entry.get("accepted") is True and not is_person


@lru_cache(maxsize=1_000, typed=True)  # nearly all members have one of few combinations
def _status(role: object, accepted: object, expired: object, source: object) -> tuple[LiveRole, Standing, bool, str]:
    """The role, standing, acceptance and source that these fields of an entry show."""
    role, accepted, expired = role or "", accepted or False, expired or False
    source = source or ("local" if accepted else "invitation")
    if not (isinstance(role, str) and isinstance(source, str) and max(len(role), len(source)) <= LONGEST_TEXT):
        raise _garbled()
    if not (isinstance(accepted, bool) and isinstance(expired, bool)):
        raise _garbled()
    if source.lower() not in _LOCAL_SOURCES:
        standing = Standing.DIRECTORY
    elif accepted:
        standing = Standing.ACCEPTED
    else:
        standing = Standing.EXPIRED if expired else Standing.INVITED
    return live_role(role), standing, accepted, source


def _garbled() -> GarbledError:
    return GarbledError(
        "the API's list of users has an entry that is not a user with an e-mail, a role and `accepted`",
        "Nothing is planned from an invalid list. Try again later. --debug shows the response.",
    )


def attributes(person: Person) -> dict[str, Any]:
    """A person as plain data, for plans and `show`."""
    standing = "accepted" if person.accepted else "invited"
    return {
        "email": person.email,
        "role": str(person.role),
        "standing": "expired" if person.standing is Standing.EXPIRED else standing,
        "source": person.source,
    }


def identifier(person: Person) -> dict[str, str]:
    """The id of a member. Pending entries may or may not have one, so it is ignored there."""
    return {"sub": person.sub} if person.accepted and person.sub else {}


def with_access_and_invited(members: Iterable[Person]) -> tuple[int, int]:
    """How many of them can lose access, and how many have an open invitation."""
    count = Counter(map(attrgetter("standing"), members))
    return count[Standing.ACCEPTED], count[Standing.INVITED] + count[Standing.EXPIRED]


def digest(members: People) -> str:
    """A fingerprint of everyone's standing, independent of the listing's order."""
    groups: dict[tuple[LiveRole, Standing, bool], list[str]] = {}
    for key, person in members.items():
        groups.setdefault((person.role, person.standing, person.accepted), []).append(key)
    lines = sorted(f"{role} {standing} {yes} {sorted(keys)}" for (role, standing, yes), keys in groups.items())
    return hashlib.sha256("\n".join(lines).encode(errors="surrogatepass")).hexdigest()


def admins(members: Iterable[tuple[str, Person]]) -> set[str]:
    """The folded e-mails of the accepted admins."""
    return {key for key, person in members if person.accepted and person.role is Role.ADMIN}


def unchanged(members: People, changes: Sequence[Change]) -> tuple[str, ...]:
    """The folded e-mails of people with access and without a change, if access is reduced at all."""
    if not any(change.revokes_access for change in changes):
        return ()
    changed = {change.key for change in changes}
    return tuple(sorted(key for key, person in members.items() if person.accepted and key not in changed))


def export(live: People) -> Exported:
    """Everyone whom a document can list, by e-mail.

    People from a directory are not listed, because the directory manages them. A person with an expired invitation
    would be invited again if listed, and revoked if not, so they are skipped for a while. So are people with an
    unknown role: they cannot be listed, and would be reported as a difference.
    """
    people = [live[key] for key in sorted(live)]
    listed = [person for person in people if _why_not(person) is None and person.standing is not Standing.EXPIRED]
    ambiguous = doubtful(person.email for person in listed)
    entries: dict[str, Any] = {}
    for person in listed:
        role = str(person.role) or Role.MEMBER.value
        entries[person.email] = {"role": role, ACKNOWLEDGED: True} if person.email in ambiguous else role
    remarks: dict[Trail, tuple[Fact, ...]] = {
        (person.email,): (comment,) for person in listed if (comment := _remark(person))
    }
    return Exported(
        entries=entries,
        remarks=remarks,
        whole=not any(each.standing is not Standing.DIRECTORY and fault(each.email) for each in people),
        left_out={each.email: why for each in people if (why := _why_not(each))},
        skip={each.email: why for each in people if not fault(each.email) and (why := _why_skipped(each))},
    )


def _why_skipped(person: Person) -> Fact | None:
    if person.standing is Standing.EXPIRED:
        return fact(Code.EXPORTED_EXPIRED)
    if person.standing is not Standing.DIRECTORY and _is_unknown(person):
        return fact(Code.EXPORTED_WITH_UNKNOWN_ROLE)
    return None


def _is_unknown(person: Person) -> bool:
    return isinstance(person.role, UnknownRole) and bool(person.role.name)


def _why_not(person: Person) -> Fact | None:
    """Why a document cannot list them, to follow their name; None if it can."""
    if person.standing is Standing.DIRECTORY:
        return fact(Code.MANAGED_BY_DIRECTORY, role=str(person.role), source=person.source)
    if _is_unknown(person):
        return fact(Code.HAS_UNKNOWN_ROLE, role=str(person.role))
    why = fault(person.email)
    return fact(Code.INVALID_ADDRESS, detail=why) if why else None


def _remark(person: Person) -> Fact | None:
    if person.standing is not Standing.INVITED:
        return None
    return fact(Code.INVITED if str(person.role) else Code.INVITED_ROLE_NOT_SHOWN)
