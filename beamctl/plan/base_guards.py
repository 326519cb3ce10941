"""What a document permits that it did not permit at an earlier commit: looser guards, people and sections that are no
longer managed, and commands for secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from beamctl.document.desired import LEAVERS, SKIP, Desired, Mode
from beamctl.document.document import Path
from beamctl.model.code import Code
from beamctl.model.email import folded
from beamctl.model.fact import Fact, fact
from beamctl.model.text import shell_word
from beamctl.plan.comparison import Note
from beamctl.plan.guards import Sizes, loosened
from beamctl.plan.hazard import Hazard, Risk
from beamctl.plan.kind import Kind

_COMMAND = "command"
_MANAGED, _NOT_MANAGED = "managed", "not managed"


@dataclass(frozen=True, slots=True)
class BaseDocument:
    """The document at an earlier commit, whose guards a plan must not loosen unseen.

    Attributes:
        desired: What it declares; None if no document declared the workspace then.
        label: The file and the commit.
        kinds: All kinds.
        dropped: The workspaces that were declared then, and are not now. Only one document of a run has them.
    """

    desired: Desired | None
    label: str
    kinds: tuple[Kind[Any], ...]
    dropped: tuple[str, ...] = ()

    def notes(self) -> tuple[Note, ...]:
        """That there are no earlier guards, or no longer documents."""
        dropped = [fact(Code.DROPPED_SINCE_BASE, names=self.dropped)] if self.dropped else []
        return tuple(map(Note, [*dropped, *([] if self.desired else [fact(Code.NEW_SINCE_BASE, base=self.label)])]))


@dataclass(frozen=True, slots=True)
class _Loosening:
    """One thing that is looser.

    Attributes:
        name: The value of the hazard.
        path: Where the document says it.
        change: How it changed.
    """

    name: str
    path: Path
    change: Fact


def looser_than_base(base: BaseDocument, now: Desired, populations: Sizes) -> list[Hazard]:
    """One hazard for each setting that is looser than in the base, even if the plan has no changes: the next one will.

    Args:
        base: The document at the base.
        now: The document.
        populations: What percentages refer to.
    """
    found = []
    for each in _loosenings(base, now, populations):
        place = now.document.key_place(*each.path)
        said = fact(
            Code.GUARD_LOOSER_THAN_BASE,
            guard=".".join(map(str, each.path)),
            base=base.label,
            change=each.change,
            where=f"{place.source}:{place.line}",
        )
        found.append(Hazard(Risk.LOOSENS_GUARDS, each.name, said))
    return found


def _loosenings(earlier: BaseDocument, now: Desired, populations: Sizes) -> Iterator[_Loosening]:
    base = earlier.desired
    if base is None:  # only the commands of a new workspace can do harm elsewhere
        yield from _new_commands(None, now)
        return
    for guard, change in loosened(base.guards, now.guards, populations).items():
        yield _Loosening(guard, ("guards", guard), change)
    if now.max_reinvites > base.max_reinvites:
        yield _of("maxReinvites", ("guards", "maxReinvites"), str(base.max_reinvites), str(now.max_reinvites))
    for kind in earlier.kinds:
        section = kind.section
        if kind.is_declared(base) and not kind.is_declared(now):
            yield _of(section, (section,), _MANAGED, _NOT_MANAGED)
        elif base.mode(section) is Mode.AUTHORITATIVE and now.mode(section) is Mode.ADDITIVE:
            yield _of(f"manage.{section}", ("manage", section), Mode.AUTHORITATIVE.value, Mode.ADDITIVE.value)
    skipped = [key for key, each in now.skip.items() if key not in base.skip or base.skip[key].until < each.until]
    if skipped:
        yield _Loosening(".".join(SKIP), SKIP, fact(Code.LIST_ADDS, names=tuple(sorted(skipped))))
    if back := _brought_back(earlier, base, now):
        yield _Loosening(LEAVERS, (LEAVERS,), fact(Code.LIST_DROPS, names=back))
    yield from _new_commands(base, now)


def _brought_back(earlier: BaseDocument, base: Desired, now: Desired) -> tuple[str, ...]:
    """Who was a leaver, is one no longer or only later, and is listed or would not be removed."""
    sections = [kind.section for kind in earlier.kinds if kind.named_by == "email"]
    open_ended = any(now.section(each) is None or now.mode(each) is Mode.ADDITIVE for each in sections)
    listed = {folded(name) for each in sections for name in now.section(each) or ()}
    then = (key for key, each in base.leavers.items() if key not in now.leavers or now.leavers[key].since > each.since)
    return tuple(sorted(key for key in then if open_ended or key in listed))


def _new_commands(base: Desired | None, now: Desired) -> Iterator[_Loosening]:
    then = {words for _, words in _commands(base.document.data, ())} if base else set()
    added = {words: path for path, words in _commands(now.document.data, ()) if words not in then}
    for words, path in added.items():
        shown = " ".join(map(shell_word, words))
        yield _Loosening(f"{_COMMAND}:{shown}", path, fact(Code.LIST_ADDS, names=(shown,)))


def _of(name: str, path: Path, before: str, after: str) -> _Loosening:
    return _Loosening(name, path, fact(Code.REPLACED, before=before, after=after))


def _commands(data: Any, path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:  # noqa: ANN401 - plain data of any shape
    """The programs that an apply may run for secrets, wherever a document names them."""
    match data:
        case dict():
            for key, value in data.items():
                if key == _COMMAND and isinstance(value, list):
                    yield (*path, key), tuple(map(str, value))
                else:
                    yield from _commands(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from _commands(value, (*path, index))
        case _:
            return
