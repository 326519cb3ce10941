"""The records of runs, as the command line keeps them: what an earlier run left, the next plan is told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from beamctl.api.config import LOCAL_URL
from beamctl.apply.event import Event, Started
from beamctl.apply.history import interrupted
from beamctl.apply.record import Run, event_line, first_line
from beamctl.plan.change import Action, Change, CreationKey, Reason, Stage
from beamctl.plan.comparison import Interrupted
from beamctl.plan.plan import Plan

LONG_AGO = datetime(2026, 10, 1, tzinfo=UTC)


@dataclass
class Journal:
    """Attributes:
    contents: Of each record, the oldest first.
    writing: The numbers of those whose runs go on.
    """

    contents: list[str] = field(default_factory=list)
    writing: set[int] = field(default_factory=set)

    def begin(self, plan: Plan, at: datetime) -> int:
        """A run begins; its number."""
        number, stamp = len(self.contents), f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
        digest = f"sha256:{number:064}"
        run = Run(f"{number:04}-acme-a", stamp, "ada", "", digest)
        self.contents.append(first_line(run, replace(plan, api=LOCAL_URL)))  # whatever the test calls it
        self.writing.add(number)
        return number

    def listener(self, number: int, plan: Plan) -> Callable[[Event], None]:
        def write(event: Event) -> None:
            self.contents[number] += event_line(plan, event, "2026-11-24T12:00:00.000Z")

        return write

    def end(self, number: int) -> None:
        """A run is no more; its record has no end, as after a kill."""
        self.writing.remove(number)

    def add_killed(self, plan: Plan) -> None:
        """The record of a run that was killed long ago, with all of its plan begun."""
        number = self.begin(plan, LONG_AGO)
        for change in plan.changes:
            self.listener(number, plan)(Started(change))
        self.end(number)

    def interrupted(self) -> tuple[Interrupted, ...]:
        left = (each.encode() for number, each in enumerate(self.contents) if number not in self.writing)
        return interrupted(left, "acme", LOCAL_URL)


def interrupted_runs(
    *names: str, existing: str = "", began: datetime = LONG_AGO, **more: Any
) -> tuple[Interrupted, ...]:
    """Runs that were stopped as they made service accounts (`ci`) or API keys (`ci/hub`).

    Args:
        names: Of what they made.
        beside: The ids of those that were there before.
        began: When the runs began.
        more: More of what is known of them.
    """
    return tuple(Interrupted(creation(name, existing), began, **more) for name in names)


def creation(name: str, existing: str = "") -> Change:
    next_to, _, in_place_of = existing.partition("|")
    ids = ([each.strip() for each in side.split(",") if each.strip()] for side in (next_to, in_place_of))
    kind, attribute = ("api_key", "expiresIn") if "/" in name else ("service_account", "role")
    return Change(
        kind=kind,
        key=CreationKey(name.replace("/", " / "), *ids),
        name=name,
        action=Action.CREATE,
        stage=Stage.CREATE_WITHIN if "/" in name else Stage.CREATE,
        attribute=attribute,
        before=None,
        after={},
        reason=Reason.NOT_THERE,
    )
