"""Making something of which the API shows the secret once: that is handed over, or what was made is known to be of no
use. A mark says so from before it is made until the secret is where it should be, also where beamctl is stopped in
between. It must not know what is made, how a call travels, nor how a place is reached."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.kinds.operations import (
    APPLY,
    PLAN,
    Asking,
    Talk,
    done,
    failed,
    is_gone,
    look,
    refusal,
    text_in,
    unseen,
)
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response, segment
from beamctl.model.secret import SECRET_TO, Command, Keyring, StoreSecret, described, sink_of
from beamctl.plan.change import Change, Dependency, Reason
from beamctl.plan.kind import Dependencies, Outcome

_REPLACED = "the next apply replaces it"
_MEANWHILE = "was made meanwhile, by another run or by hand"
_OTHER_RUN = "another run made one of that name at the same time, so this one was taken back"


@dataclass(frozen=True, slots=True)
class SecretKind:
    """What all of one sort have in common.

    Attributes:
        thing: What is made, in a word.
        secret: What the API shows of it once, in a word.
        it: The secret again, in a sentence about the thing.
        id: The name under which the answer tells the id.
        handed: By the names under which it is handed over, the names under which the answer tells it.
    """

    thing: str
    secret: str
    it: str
    id: str
    handed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Creation:
    """One that is under way. Its mark is put already, or is in the call that makes it.

    Attributes:
        sort: What it is.
        what: What its secret is, for messages.
        places: Where its secret goes: `Change.secrets`.
        creation: What makes it; where that goes to, such things are listed, and deleted by their ids.
        named: Of a listing, the ids of those of its name.
        before: The ids of those that were there before it.
        finish: Removes the mark, given the id; returns a remark, `NoResponse` if the mark stays, or how it failed.
        unmark: Takes the mark off where none was made after all. Where that fails, it is about nothing.
    """

    sort: SecretKind
    what: str
    places: Mapping[str, Any]
    creation: ApiCall
    named: Callable[[Any], Sequence[str]]
    before: Sequence[str]
    finish: Callable[[str], Asking[str | NoResponse | Outcome]]
    unmark: Callable[[], Asking[None]] | None = None

    @property
    def name(self) -> str:
        """The name that it is made under."""
        return str((self.creation.body or {})["name"])

    def new(self) -> Asking[Sequence[str] | NoResponse]:
        """The ids of those of its name that have come since."""
        now = yield from look(self.creation.path, self.named)
        return now if isinstance(now, NoResponse) else [each for each in now if each not in self.before]

    def deletion(self, identifier: str) -> ApiCall:
        """What deletes one."""
        return ApiCall(Method.DELETE, f"{self.creation.path}/{segment(identifier)}")


def make(making: Creation) -> Talk:
    """Make it; and hand its secret over, or take it back."""
    answer = yield making.creation
    if isinstance(answer, Response) and not answer.ok:
        if making.unmark:
            yield from making.unmark()
        return refusal(answer)
    if not answer.certain:
        return (yield from _lost(making, answer.why))
    identifier = text_in(answer, making.sort.id)
    if identifier in making.before or text_in(answer, "name") not in (making.name, ""):
        return (yield from _lost(making, f"the API answered about another {making.sort.thing}"))
    secret = {name: text_in(answer, told) for name, told in making.sort.handed.items()}
    if not identifier or not all(secret.values()):
        return failed(f"the API told no {making.sort.secret}; {_REPLACED}", APPLY)
    new = yield from making.new()
    if not isinstance(new, NoResponse) and set(new) - {
        identifier
    }:  # each run takes its own back, so that none is left twice
        return (yield from _take_back(making, identifier, _OTHER_RUN, PLAN, alone=False))
    return (yield from _hand_over(making, identifier, secret))


def meanwhile(places: Mapping[str, Any], it: str, thing: str, why: str = _MEANWHILE) -> Outcome:
    """There is one that somebody else made, and its secret is theirs."""
    sink = sink_of(places.get(SECRET_TO))
    where = f"whether {described(sink)} holds {it}" if sink else f"where {it} is"
    hint = f"Look there; where it does not, delete the {thing}, and run `beamctl apply` again."
    return failed(
        f"{why}; {where} is not known",
        hint if sink else f"Where nobody has it, delete the {thing}, and run `beamctl apply` again.",
    )


def _lost(making: Creation, why: str) -> Talk:
    """The answer with the secret is lost: was it made?"""
    new = yield from making.new()
    if isinstance(new, NoResponse):
        return unseen(NoResponse(why), new)
    if not new:  # the list may be short, but then the mark stays, and the next apply finds it
        return failed(f"{why}; the API shows no {making.sort.thing} that was made", APPLY)
    remark = f"{why}; it was made ({', '.join(new)}), and its secret is lost"
    return failed(f"{remark}: {_REPLACED}", APPLY)


def _hand_over(making: Creation, identifier: str, secret: Mapping[str, str]) -> Talk:
    it, sink = making.sort.it, sink_of(making.places.get(SECRET_TO))
    handed = yield StoreSecret(sink, making.what, secret)
    if not isinstance(handed, Response) or not handed.ok:
        kept = ", so what its place may hold is of no use" if isinstance(sink, Command | Keyring) else ""
        why = f"{it} could not be handed over: {handed.why}"
        return (yield from _take_back(making, identifier, why, APPLY, kept))
    said = yield from making.finish(identifier)
    if isinstance(said, Outcome):
        return said
    if isinstance(said, NoResponse):
        return failed(f"{it} was handed over, but its mark may stay: {said.why}; where it does, {_REPLACED}", APPLY)
    return done(f"as {identifier}; {it} went to {handed.body}{said}")


def _take_back(making: Creation, identifier: str, why: str, hint: str, kept: str = "", *, alone: bool = True) -> Talk:
    """Delete what was made, because its secret is lost. If there is another one, the API may have made two: the mark
    stays for that one. If it belongs to another run, that run removes the mark."""
    gone = yield making.deletion(identifier)
    thing = making.sort.thing
    if not is_gone(gone):
        is_there = "is still there" if isinstance(gone, Response) and not gone.ok else "may still be there"
        return failed(f"{why}; the {thing} {identifier} {is_there} ({gone.why}): {_REPLACED}", hint)
    if alone and making.unmark:
        yield from making.unmark()
    return failed(f"{why}; the {thing} was deleted again{kept}", hint)


def after_replacement(
    changes: Sequence[Change], what: Callable[[Mapping[str, Any]], object], reasons: Collection[Reason]
) -> Dependencies:
    """Each deletion for one of these reasons depends on the creation of what takes its place.

    Args:
        changes: Of one kind.
        what: What is the same of both, given the side of a change.
        reasons: Why something goes that is replaced.
    """
    created = {what(change.after): change for change in changes if change.before is None and change.after}
    return {
        change.id: (Dependency(new.kind, (new.key,), 1),)
        for change in changes
        if change.before and change.reason in reasons and (new := created.get(what(change.before)))
    }


def says_where(places: Mapping[str, Any]) -> bool:
    """Whether `Change.secrets` is about where a secret goes, be it only that the document does not say it."""
    sink = places.get(SECRET_TO)
    return places.keys() == {SECRET_TO} and (sink is None or (isinstance(sink, Mapping) and sink_of(sink) is not None))
