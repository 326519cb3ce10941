"""The records of runs as the command line keeps them, from which the next plan learns what was interrupted."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from beamctl.api.config import LOCAL_URL
from beamctl.apply.history import interrupted
from beamctl.apply.record import Event, Run, Started, event_line, first_line
from beamctl.plan.change import Action, Change, CreationKey, Reason, Stage
from beamctl.plan.comparison import Interrupted
from beamctl.plan.plan import Plan

LONG_AGO = datetime(2026, 10, 1, tzinfo=UTC)


@dataclass
class Journal:
    """Attributes:
    contents: The text of each record, oldest first.
    writing: The numbers of active runs.
    """

    contents: list[str] = field(default_factory=list)
    writing: set[int] = field(default_factory=set)

    def begin(self, plan: Plan, at: datetime) -> int:
        """Start a run and return its number."""
        number, stamp = len(self.contents), f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
        digest = f"sha256:{number:064}"
        run = Run(f"{number:04}-acme-a", stamp, "ada", "", digest)
        self.contents.append(first_line(run, replace(plan, api=LOCAL_URL)))  # regardless of the URL in the test
        self.writing.add(number)
        return number

    def listener(self, number: int, plan: Plan) -> Callable[[Event], None]:
        def write(event: Event) -> None:
            self.contents[number] += event_line(plan, event, "2026-11-24T12:00:00.000Z")

        return write

    def end(self, number: int) -> None:
        """End a run without the last line of its record, as if it was killed."""
        self.writing.remove(number)

    def add_killed(self, plan: Plan) -> None:
        """Add the record of a run that was killed long ago, after it had started every change."""
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
    """Runs that were interrupted while they created service accounts (`ci`) or API keys (`ci/hub`).

    Args:
        names: What each created.
        existing: The ids of objects that existed before.
        began: When the runs began.
        more: Other attributes of `Interrupted`.
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
