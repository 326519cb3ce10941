"""Changes to a resource as API calls. An update reads, merges and writes the whole object, because it is not documented
whether the API keeps what a `PUT` omits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beamctl.errors import GarbledError
from beamctl.kinds.operations import MISSING, PLAN, accepted, delete, done, failed, found, not_made, refusal, unseen
from beamctl.kinds.resource.decide import has
from beamctl.kinds.resource.live import Resource, parse_resource
from beamctl.kinds.resource.shape import METADATA, SECRET, VERSION, Shape
from beamctl.kinds.secret_source import fetch
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, cause, segment
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.change import Action, Change
from beamctl.plan.kind import Operation, Outcome

_CONFLICT = 409
_READ_ONLY = frozenset({"workspace", "url", "plan", "createdAt", "updatedAt", "createdBy", "updatedBy"})


def perform(shape: Shape, change: Change) -> Operation[Outcome]:
    """Make a change to one resource. Its secret is read before anything is sent."""
    match change.action:
        case Action.DELETE:
            return (yield from _delete(shape, change))
        case Action.CREATE | Action.UPDATE:
            secret = yield from fetch(change)
            if isinstance(secret, Outcome):
                return secret
            make = _create if change.action is Action.CREATE else _update
            return (yield from make(shape, change, secret))
        case _:
            raise AssertionError(f"a {shape.word} has no change {change.action}")


def _create(shape: Shape, change: Change, secret: Mapping[str, str]) -> Operation[Outcome]:
    body = _merged(shape, {"metadata": {"name": change.name}, "spec": {}}, change, secret)
    answer = yield ApiCall(Method.POST, shape.path, body)
    if isinstance(answer, Response) and not answer.ok and answer.status != _CONFLICT:
        return refusal(answer)
    if (shown := _shown_in(shape, change.name, answer)) is not None:
        return _outcome_of(shape, change, shown)
    there = yield from look_up(shape, change.name)
    if isinstance(there, NoResponse):
        return unseen(answer, there)
    if there is None:
        return _absent(answer)
    if has(shape, there, change.after, change.before):
        return done() if isinstance(answer, NoResponse) or answer.ok else _found(change)
    return failed(fact(Code.EXISTS_WITH_OTHER, names=_differing(shape, change, there)), PLAN)


def _absent(answer: Response | NoResponse) -> Outcome:
    """The outcome of a creation whose object the API does not show."""
    if isinstance(answer, NoResponse):
        return not_made(answer)
    return accepted(answer) if answer.ok else refusal(answer)


def _found(change: Change) -> Outcome:
    """Someone else created it since the plan. Its secret, if any, is theirs."""
    if not change.secrets:
        return found(fact(Code.EXISTS))
    return failed(fact(Code.EXISTS_SECRET_UNKNOWN), fact(Code.INCREASE_SECRET_VERSION))


def _update(shape: Shape, change: Change, secret: Mapping[str, str]) -> Operation[Outcome]:
    """Read the resource, and write it back if it is still as planned."""
    read = yield ApiCall(Method.GET, path_of(shape, change.name))
    if isinstance(read, Response) and read.status == MISSING:
        return _gone(change)
    now = _shown_in(shape, change.name, read)
    if now is None or not isinstance(read, Response):
        if isinstance(read, Response) and not read.certain:
            return refusal(read)
        return unseen(read, NoResponse(fact=fact(Code.NOTHING_SENT)))
    if not has(shape, now, change.before, change.after):
        is_so = has(shape, now, change.after, change.before)
        return found() if is_so else _changed(shape, change, now)
    return (yield from _write(shape, change, _merged(shape, read.body, change, secret)))


def _write(shape: Shape, change: Change, body: dict[str, Any]) -> Operation[Outcome]:
    """Write it. If the response does not confirm the change, read it."""
    answer = yield ApiCall(Method.PUT, path_of(shape, change.name), body)
    if isinstance(answer, Response) and not answer.ok:
        return _gone(change) if answer.status == MISSING else refusal(answer)
    if (shown := _shown_in(shape, change.name, answer)) is not None:
        return _outcome_of(shape, change, shown)
    there = yield from look_up(shape, change.name)
    if not isinstance(there, Resource):
        return unseen(answer, there) if there else _gone(change)
    if has(shape, there, change.after, change.before):
        return done()
    if not has(shape, there, change.before, change.after):
        return _changed(shape, change, there)
    return accepted(answer) if answer.ok else not_made(answer)


def _delete(shape: Shape, change: Change) -> Operation[Outcome]:
    def refused(answer: Response) -> Outcome:
        return failed(cause(answer), fact(Code.REMOVE_FROM_USERS)) if answer.status == _CONFLICT else refusal(answer)

    return delete(path_of(shape, change.name), look_up(shape, change.name), refused)


def look_up(shape: Shape, name: str) -> Operation[Resource | NoResponse | None]:
    """The resource as it is now; None if it does not exist."""
    answer = yield ApiCall(Method.GET, path_of(shape, name))
    if isinstance(answer, Response) and answer.status == MISSING:
        return None
    return _shown_in(shape, name, answer) or NoResponse(
        fact=cause(answer) if not answer.certain else fact(Code.SHOWN_DIFFERENTLY)
    )


def path_of(shape: Shape, name: str) -> str:
    """The path of the resource with this name."""
    return f"{shape.path}/{segment(name)}"


def _merged(shape: Shape, was: Mapping[str, Any], change: Change, secret: Mapping[str, str]) -> dict[str, Any]:
    """The whole object to send: as read, with the changes applied. A secret that was read is never sent back, because
    it may be masked."""
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


def _shown_in(shape: Shape, name: str, answer: Response | NoResponse) -> Resource | None:
    """The resource as this response shows it; None if it does not."""
    try:
        shown = parse_resource(shape, answer.body) if isinstance(answer, Response) and answer.certain else None
    except GarbledError:
        return None
    return shown if shown is not None and shown.name == name else None


def _outcome_of(shape: Shape, change: Change, shown: Resource) -> Outcome:
    if has(shape, shown, change.after, change.before):
        return done()
    remark = fact(Code.RETURNED_DIFFERENT, names=_differing(shape, change, shown))
    return failed(remark, fact(Code.RUN_SHOW))


def _differing(shape: Shape, change: Change, now: Resource) -> tuple[str, ...]:
    """The names of the attributes that the change did not set."""
    after = change.after or {}
    return tuple(field for field in after if not has(shape, now, {field: after[field]}, change.before))


def _changed(shape: Shape, change: Change, now: Resource) -> Outcome:
    before = change.before or {}
    names = tuple(field for field in before if not has(shape, now, {field: before[field]}, change.after))
    return failed(fact(Code.CHANGED_MEANWHILE, names=names), fact(Code.RUN_PLAN_FOR_CHANGE))


def _gone(change: Change) -> Outcome:
    return failed(fact(Code.NO_LONGER_EXISTS, name=change.name), PLAN)
