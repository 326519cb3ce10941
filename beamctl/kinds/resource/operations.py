"""How the API spells a change to a thing: made in one call; changed by a read, a merge and a write of the whole, as
nobody knows whether the API keeps what a `PUT` leaves out; deleted in one. It must not know how a call travels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beamctl.errors import GarbledError
from beamctl.kinds.operations import (
    MISSING,
    PLAN,
    Asking,
    Talk,
    accepted,
    delete,
    done,
    failed,
    found,
    not_made,
    refusal,
    unseen,
)
from beamctl.kinds.resource.decide import has
from beamctl.kinds.resource.live import Resource, thing
from beamctl.kinds.resource.shape import METADATA, SECRET, VERSION, Shape
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, segment
from beamctl.model.secret import SECRETS_FROM, Command, File, ReadSecret, Variable, place_of
from beamctl.plan.change import Action, Change
from beamctl.plan.kind import Outcome

_CONFLICT = 409
_READ_ONLY = frozenset({"workspace", "url", "plan", "createdAt", "updatedAt", "createdBy", "updatedBy"})


def perform(shape: Shape, change: Change) -> Talk:
    """Make a change to one thing. A secret that it needs is fetched before anything is sent."""
    match change.action:
        case Action.DELETE:
            return (yield from _delete(shape, change))
        case Action.CREATE | Action.UPDATE:
            secret = yield from _fetch(change)
            if isinstance(secret, Outcome):
                return secret
            make = _create if change.action is Action.CREATE else _update
            return (yield from make(shape, change, secret))
        case _:
            raise AssertionError(f"a {shape.word} has no change {change.action}")


def _fetch(change: Change) -> Asking[dict[str, str] | Outcome]:
    """Every part of the secret, by its name."""
    found = {}
    for name, written in change.secrets.get(SECRETS_FROM, {}).items():
        match place_of(written):
            case File() | Command() | Variable() as source:
                got = yield ReadSecret(source, f"the secret {name} of {change.name}")
            case _:
                got = NoResponse("what is written is no place")
        text = got.body if isinstance(got, Response) and got.ok else None
        if not isinstance(text, str) or not text:
            why = "it is empty" if isinstance(got, Response) and got.ok else got.why
            remark = f"the secret {name} is not available: {why}; nothing was sent"
            return failed(remark, "Check where it comes from, then run `beamctl apply` again.")
        found[name] = text
    return found


def _create(shape: Shape, change: Change, secret: Mapping[str, str]) -> Talk:
    body = _written(shape, {"metadata": {"name": change.name}, "spec": {}}, change, secret)
    answer = yield ApiCall(Method.POST, shape.path, body)
    if isinstance(answer, Response) and not answer.ok and answer.status != _CONFLICT:
        return refusal(answer)
    if (told := _told(shape, change.name, answer)) is not None:
        return _as_told(shape, change, told)
    there = yield from look_up(shape, change.name)
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    if there is None:
        return _absent(answer)
    if has(shape, there, change.after or {}):
        return done() if isinstance(answer, NoResponse) or answer.ok else _found(change)
    return failed(f"is there already, with another {_differing(shape, change, there)}", PLAN)


def _absent(answer: Response | NoResponse) -> Outcome:
    """It was to be made, and the API does not show it."""
    if isinstance(answer, NoResponse):
        return not_made(answer)
    return accepted(answer) if answer.ok else refusal(answer)


def _found(change: Change) -> Outcome:
    """Somebody else made it since the plan: its secret, where it has one, is theirs."""
    if not change.secrets:
        return found("is there already")
    hint = "Raise the version of its secret in the document, then run `beamctl apply` again."
    return failed("is there already; whether with this secret is not known", hint)


def _update(shape: Shape, change: Change, secret: Mapping[str, str]) -> Talk:
    """Read the thing, and write it back whole where it is still as it was."""
    read = yield ApiCall(Method.GET, path_of(shape, change.name))
    if isinstance(read, Response) and read.status == MISSING:
        return _gone(change)
    now = _told(shape, change.name, read)
    if now is None or not isinstance(read, Response):
        if isinstance(read, Response) and not read.certain:
            return refusal(read)
        return unseen(read, NoResponse("nothing was sent"))
    if not has(shape, now, change.before or {}):
        is_so = has(shape, now, change.after or {})
        return found("is so already") if is_so else _changed(shape, change, now)
    return (yield from _write(shape, change, _written(shape, read.body, change, secret)))


def _write(shape: Shape, change: Change, body: dict[str, Any]) -> Talk:
    """Write it, and look where the answer does not confirm it."""
    answer = yield ApiCall(Method.PUT, path_of(shape, change.name), body)
    if isinstance(answer, Response) and not answer.ok:
        return _gone(change) if answer.status == MISSING else refusal(answer)
    if (told := _told(shape, change.name, answer)) is not None:
        return _as_told(shape, change, told)
    there = yield from look_up(shape, change.name)
    if not isinstance(there, Resource):
        return unseen(answer, there) if there else _gone(change)
    if has(shape, there, change.after or {}):
        return done()
    if not has(shape, there, change.before or {}):
        return _changed(shape, change, there)
    return accepted(answer) if answer.ok else not_made(answer)


def _delete(shape: Shape, change: Change) -> Talk:
    def refused(answer: Response) -> Outcome:
        in_use = "Take it out of what uses it first; then run `beamctl apply` again."
        return failed(answer.why, in_use) if answer.status == _CONFLICT else refusal(answer)

    return delete(path_of(shape, change.name), look_up(shape, change.name), refused)


def look_up(shape: Shape, name: str) -> Asking[Resource | NoResponse | None]:
    """The thing as it is now; None where there is none of that name."""
    answer = yield ApiCall(Method.GET, path_of(shape, name))
    if isinstance(answer, Response) and answer.status == MISSING:
        return None
    return _told(shape, name, answer) or NoResponse(
        answer.why if not answer.certain else "the API shows something else"
    )


def path_of(shape: Shape, name: str) -> str:
    """Where the one of that name is."""
    return f"{shape.path}/{segment(name)}"


def _written(shape: Shape, was: Mapping[str, Any], change: Change, secret: Mapping[str, str]) -> dict[str, Any]:
    """The whole thing as it is sent: as it was read, but for what the change is about. A secret that was read is never
    sent back: it may be a mask."""
    flat = "metadata" not in was
    metadata = {field: value for field, value in (was if flat else was["metadata"]).items() if field not in _READ_ONLY}
    spec = {field: value for field, value in (was if flat else was.get("spec", {})).items() if field != SECRET}
    if flat:
        metadata = {field: metadata[field] for field in ("name", *METADATA) if field in metadata}
        spec = {field: spec[field] for field in shape.spec if field in spec}
    labels = dict(metadata.get("labels") or {})
    after = dict(change.after or {})
    version = {shape.version_label: labels[shape.version_label]} if shape.version_label in labels else {}
    if after.get(VERSION, 1) > 1:
        version = {shape.version_label: str(after[VERSION])}
    metadata |= {field: after[field] for field in METADATA if field in after}
    if "labels" in after or version:
        metadata["labels"] = {**after.get("labels", labels), **version}
    spec |= {field: after[field] for field in shape.spec if field in after}
    return {"metadata": metadata, "spec": spec | ({SECRET: dict(secret)} if secret else {})}


def _told(shape: Shape, name: str, answer: Response | NoResponse) -> Resource | None:
    """The thing of that name as an answer tells it; None where it tells nothing of it."""
    try:
        told = thing(shape, answer.body) if isinstance(answer, Response) and answer.certain else None
    except GarbledError:
        return None
    return told if told is not None and told.name == name else None


def _as_told(shape: Shape, change: Change, told: Resource) -> Outcome:
    if has(shape, told, change.after or {}):
        return done()
    remark = f"the API accepted the change but returned another {_differing(shape, change, told)}"
    return failed(remark, "Run `beamctl show` to see what it made of it.")


def _differing(shape: Shape, change: Change, now: Resource) -> str:
    """The names of what is not as the change would have it."""
    after = change.after or {}
    names = [field for field in after if not has(shape, now, {field: after[field]})]
    return ", ".join(names)


def _changed(shape: Shape, change: Change, now: Resource) -> Outcome:
    before = change.before or {}
    names = ", ".join(field for field in before if not has(shape, now, {field: before[field]}))
    return failed(f"{names} was changed meanwhile", "Run `beamctl plan` to see it.")


def _gone(change: Change) -> Outcome:
    return failed(f"{change.name} is no longer there", PLAN)
