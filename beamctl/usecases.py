"""What beamctl does, each as a short story: validate, plan, apply, show, destroy. The edges hand in what they read;
this must not know files, credentials or the terminal. Only `apply` and `destroy` are given something that can write,
and not the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event as StopSignal
from typing import Any

from beamctl.apply.event import Event
from beamctl.apply.executor import Means
from beamctl.apply.executor import apply as make_changes
from beamctl.destroy.deletion import Deletion, delete
from beamctl.destroy.estate import Estate
from beamctl.destroy.survey import survey as look
from beamctl.document.document import Desired
from beamctl.document.load import SourceText, load
from beamctl.document.problem import Problem, bounded
from beamctl.kinds.registry import KINDS
from beamctl.model.ports import Deleter, Reader, Sender
from beamctl.plan.kind import Situation
from beamctl.plan.plan import Plan, make_plan, managed


@dataclass(frozen=True, slots=True)
class Checked:
    """Documents that were looked through.

    Attributes:
        desired: What the documents without problems say.
        problems: All that is wrong, sorted by place.
    """

    desired: tuple[Desired, ...]
    problems: tuple[Problem, ...]


def validate(sources: Sequence[SourceText]) -> Checked:
    """Look through documents, with no credential and no network."""
    loaded = load(sources)
    found = (problem for document in loaded.documents for kind in KINDS for problem in kind.problems(document))
    return Checked(loaded.desired, tuple(sorted([*loaded.problems, *bounded(found)])))


def plan(desired: Desired, reader: Reader, situation: Situation) -> Plan:
    """Read what the document has sections for, one request a kind, and compare."""
    kinds = managed(KINDS, desired)
    live = {kind.name: kind.live(reader.get(kind.listing(desired.workspace))) for kind in kinds}
    return make_plan(kinds, desired, live, situation)


def apply(approved: Plan, reader: Reader, sender: Sender, *, parallelism: int, stop: StopSignal) -> Iterator[Event]:
    """Make exactly the changes of a plan that somebody approved."""
    kinds = {kind.name: kind for kind in KINDS}
    return make_changes(approved, Means(kinds, reader, sender, parallelism, stop))


def show(workspace: str, reader: Reader) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """What a workspace looks like now: every section, a row for each."""
    return {kind.section: kind.rows(kind.live(reader.get(kind.listing(workspace)))) for kind in KINDS}


def survey(workspace: str, reader: Reader) -> Estate:
    """What would be lost with a workspace."""
    return look(workspace, reader)


def destroy(shown: Estate, reader: Reader, deleter: Deleter, *, stop: StopSignal) -> Deletion:
    """Delete the workspace that somebody was shown and named, if it is still that."""
    return delete(shown, reader, deleter, stop)
