"""What commands do with many workspaces at the same time, for one workspace and a fake that is read directly."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from beamctl.apply.record import Event
from beamctl.document.desired import Desired
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import Reader
from beamctl.model.identity import Identity
from beamctl.plan.across_kinds import read_all, see
from beamctl.plan.address import Address
from beamctl.plan.comparison import Situation
from beamctl.plan.guards import NO_FLOORS, Bounds, Declared
from beamctl.plan.hazard import Allowance
from beamctl.plan.listing import Listing
from beamctl.plan.plan import Plan
from beamctl.report import json_report
from beamctl.report.data import CommandName, ReportData
from beamctl.workflow.attribution import Seen, looked
from beamctl.workflow.plan import LazySituation, compared, readings
from beamctl.workflow.saved_plan import Recheck, recheck_readings, rechecked
from beamctl.workflow.show import sections_of


def plan(desired: Desired, reader: Reader, situation: LazySituation, only: Sequence[Address] = ()) -> Plan:
    live = read_all(readings(desired), reader)
    return compared(desired, live, situation() if callable(situation) else situation, only)


def look(desired: Desired, reader: Reader, now: Callable[[], Situation]) -> Seen:
    return looked(desired, read_all(readings(desired), reader), now())


def show(workspace: str, reader: Reader) -> Mapping[str, Listing]:
    return sections_of(see(all_kinds(), workspace, reader))


def recheck_plan(
    saved: Plan,
    reader: Reader,
    identity: Identity | None,
    *,
    floors: Bounds = NO_FLOORS,
    recorded: Declared | None = None,
    today: date | Callable[[], date] = date.min,
) -> Recheck:
    live = read_all(recheck_readings(saved), reader)
    return rechecked(saved, live, identity, floors=floors, recorded=recorded, today=today)


def plan_json(each: Plan, allowed: Sequence[Allowance] = ()) -> str:
    return json_report.report(ReportData(CommandName.PLAN, [each], allowed))


def drift_json(each: Plan) -> str:
    return json_report.report(ReportData(CommandName.DRIFT, [each]))


def applied_json(each: Plan, events: Sequence[Event]) -> str:
    return json_report.report(ReportData(CommandName.APPLY, [each], results=[(each, events)]))
