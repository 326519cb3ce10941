"""Creates objects whose secret the API shows only once: hands the secret over, or deletes the object again. A marker
exists from before the creation until the hand-over, even if beamctl is stopped in between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from beamctl.kinds.operations import APPLY, PLAN, done, failed, is_gone, look, refusal, text_in, unseen
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause, segment
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.secret import SECRET_TO, Command, Keyring, StoreSecret, place_fact, sink_of
from beamctl.plan.change import Action, Change, CreationKey, Dependency, Reason
from beamctl.plan.comparison import Interrupted
from beamctl.plan.kind import Dependencies, Operation, Outcome

_SKEW = timedelta(minutes=1)
"""Tolerated clock skew between the API and the machine that ran."""


def is_creation_key(key: str, what: str) -> bool:
    """Whether this is the key of a creation of `what`."""
    return isinstance(key, CreationKey) and key.name == what


def name_in(key: str) -> str:
    """The name of the object that a change with this key creates."""
    return key.name if isinstance(key, CreationKey) else key


def ids_in(key: str) -> frozenset[str]:
    """The ids of the objects that had the name when a creation was planned."""
    return frozenset((*key.next_to, *key.in_place_of)) if isinstance(key, CreationKey) else frozenset()


def left_by(
    runs: Iterable[Interrupted], kind: str, what: Collection[str], identifier: str, created: datetime | None
) -> bool:
    """Whether one of these runs created this object and did not finish. A text in the API is not proof.

    Args:
        runs: Incomplete changes from the records.
        kind: The kind of object.
        what: The names under which a change may create it.
        identifier: Its id.
        created: When it was created; None if the API does not show it.
    """
    return any(each.change.kind == kind and _left(each, what, identifier, created) for each in runs)


def _left(each: Interrupted, what: Collection[str], identifier: str, created: datetime | None) -> bool:
    change = each.change
    if change.action is Action.DELETE:
        return change.key == identifier
    if name_in(change.key) not in what or identifier in ids_in(change.key):
        return False
    if created is None:
        return each.repeated is None
    if each.began - created > _SKEW or (each.ended is not None and created - each.ended > _SKEW):
        return False
    return each.repeated is None or each.repeated - created > _SKEW


_CREATED_MEANWHILE = fact(Code.CREATED_MEANWHILE)


@dataclass(frozen=True, slots=True)
class SecretKind:
    """What all objects of one type have in common.

    Attributes:
        secret: What the API shows once: `key`, `client-secret`.
        id: The name of the id in the response.
        handed: The names under which the secret is handed over, mapped to the names in the response.
    """

    secret: str
    id: str
    handed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Creation:
    """A creation in progress. Its marker exists already, or is part of the creating call.

    Attributes:
        sort: The type of the object.
        what: Description of the secret, for messages.
        places: Where the secret goes: `Change.secrets`.
        named: Extracts the ids of the objects with this name from a listing.
        before: The ids of those that existed before.
        finish: Removes the marker, given the id; returns a remark, `NoResponse` if the marker stays, or a failure.
        unmark: Removes the marker if nothing was created. If that fails, the marker is harmless.
    """

    sort: SecretKind
    what: str
    places: Mapping[str, Any]
    call: ApiCall
    named: Callable[[Any], Sequence[str]]
    before: Sequence[str]
    finish: Callable[[str], Operation[Fact | NoResponse | Outcome | None]]
    unmark: Callable[[], Operation[None]] | None = None

    @property
    def name(self) -> str:
        """The name of the object."""
        return str((self.call.body or {})["name"])

    def new(self) -> Operation[Sequence[str] | NoResponse]:
        """The ids of objects with this name that appeared since."""
        now = yield from look(self.call.path, self.named)
        return now if isinstance(now, NoResponse) else [each for each in now if each not in self.before]

    def deletion(self, identifier: str) -> ApiCall:
        """The call that deletes one."""
        return ApiCall(Method.DELETE, f"{self.call.path}/{segment(identifier)}")


def make(creation: Creation) -> Operation[Outcome]:
    """Create the object, then hand its secret over or delete the object again."""
    answer = yield creation.call
    if isinstance(answer, Response) and not answer.ok:
        if creation.unmark:
            yield from creation.unmark()
        return refusal(answer)
    if not answer.certain:
        return (yield from _lost(creation, cause(answer)))
    identifier = text_in(answer, creation.sort.id)
    if identifier in creation.before or text_in(answer, "name") not in (creation.name, ""):
        return (yield from _lost(creation, fact(Code.RETURNED_ANOTHER, secret=creation.sort.secret)))
    secret = {name: text_in(answer, field) for name, field in creation.sort.handed.items()}
    if not identifier or not all(secret.values()):
        return failed(fact(Code.NO_SECRET_RETURNED, secret=creation.sort.secret), APPLY)
    new = yield from creation.new()
    if not isinstance(new, NoResponse) and set(new) - {identifier}:
        # each run deletes its own, so that no duplicate stays
        return (yield from _delete_again(creation, identifier, fact(Code.CREATED_BY_OTHER_RUN), PLAN, alone=False))
    return (yield from _hand_over(creation, identifier, secret))


def created_by_other(places: Mapping[str, Any], secret: str, why: Fact = _CREATED_MEANWHILE) -> Outcome:
    """Someone else created one in the meantime and has its secret."""
    sink = sink_of(places.get(SECRET_TO))
    if sink:
        unknown = fact(Code.DESTINATION_UNKNOWN, why=why, secret=secret, where=place_fact(sink))
        return failed(unknown, fact(Code.IF_NOT_DELETE_IT, secret=secret))
    unknown = fact(Code.SECRET_LOCATION_UNKNOWN, why=why, secret=secret)
    return failed(unknown, fact(Code.IF_LOST_DELETE_IT, secret=secret))


def _lost(creation: Creation, why: Fact) -> Operation[Outcome]:
    """The response with the secret is lost: check whether the object was created."""
    new = yield from creation.new()
    if isinstance(new, NoResponse):
        return unseen(NoResponse(fact=why), new)
    if not new:  # if the list is incomplete, the marker stays and the next apply finds it
        return failed(fact(Code.NOT_CREATED, why=why, secret=creation.sort.secret), APPLY)
    return failed(fact(Code.SECRET_LOST, why=why, ids=tuple(new)), APPLY)


def _hand_over(creation: Creation, identifier: str, secret: Mapping[str, str]) -> Operation[Outcome]:
    sort, sink = creation.sort.secret, sink_of(creation.places.get(SECRET_TO))
    handed = yield StoreSecret(sink, creation.what, secret)
    if not isinstance(handed, Response) or not handed.ok:
        why = fact(Code.NOT_HANDED_OVER, secret=sort, detail=cause(handed))
        deleted = Code.DELETED_AGAIN_VALUE_LEFT if isinstance(sink, Command | Keyring) else Code.DELETED_AGAIN
        return (yield from _delete_again(creation, identifier, why, APPLY, deleted))
    remark = yield from creation.finish(identifier)
    if isinstance(remark, Outcome):
        return remark
    if isinstance(remark, NoResponse):
        return failed(fact(Code.MARKER_MAY_REMAIN, secret=sort, detail=cause(remark)), APPLY)
    return done(fact(Code.HANDED_OVER, id=identifier, secret=sort, where=handed.body, remark=remark or ""))


def _delete_again(
    creation: Creation,
    identifier: str,
    why: Fact,
    hint: Fact,
    deleted: Code = Code.DELETED_AGAIN,
    *,
    alone: bool = True,
) -> Operation[Outcome]:
    """Delete the object because its secret is lost. The marker stays if the API may have created a second object, or if
    another run owns it."""
    gone = yield creation.deletion(identifier)
    secret = creation.sort.secret
    if not is_gone(gone):
        code = Code.STILL_EXISTS if isinstance(gone, Response) and not gone.ok else Code.MAY_STILL_EXIST
        return failed(Fact(code, {"why": why, "secret": secret, "id": identifier, "detail": cause(gone)}), hint)
    if alone and creation.unmark:
        yield from creation.unmark()
    return failed(Fact(deleted, {"why": why, "secret": secret}), hint)


def after_replacement(
    changes: Sequence[Change], what: Callable[[Mapping[str, Any]], object], reasons: Collection[Reason]
) -> Dependencies:
    """Make each deletion for one of these reasons depend on the creation of the replacement.

    Args:
        changes: Changes of one kind.
        what: Extracts what both have in common from one side of a change.
        reasons: Reasons for deleting what is replaced.
    """
    created = {what(change.after): change for change in changes if change.before is None and change.after}
    return {
        change.id: (Dependency(new.kind, (new.key,), 1),)
        for change in changes
        if change.before and change.reason in reasons and (new := created.get(what(change.before)))
    }


def says_where(places: Mapping[str, Any]) -> bool:
    """Whether `Change.secrets` describes a secret's destination, or that the document does not set one."""
    sink = places.get(SECRET_TO)
    return places.keys() == {SECRET_TO} and (sink is None or (isinstance(sink, Mapping) and sink_of(sink) is not None))
