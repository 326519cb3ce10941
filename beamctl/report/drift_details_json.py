"""JSON about drift besides the differences: why and since when, what is accepted, and how much is managed. A key is
missing if nothing was found or asked for."""

from __future__ import annotations

from typing import Any

from beamctl.document.problem import Place
from beamctl.model.fact import fact_data
from beamctl.plan.comparison import Note
from beamctl.plan.coverage import Coverage, KindCoverage, percent_managed
from beamctl.plan.known_drift import KnownResult
from beamctl.plan.plan import Plan
from beamctl.plan.three_way import LastSet, Origin
from beamctl.report.data import DriftDetails
from beamctl.report.wording import TALLY, words


def origin_data(origin: Origin | None) -> dict[str, Any]:
    """Where one difference comes from, to be added to it."""
    if origin is None:
        return {}
    last = origin.last_set
    data: dict[str, Any] = {
        "cause": origin.cause.value if origin.cause else None,
        "causes": {name: cause.value for name, cause in origin.parts.items()},
        "last_set": last and _last_set(last),
        "updated_at": origin.updated.isoformat() if origin.updated else None,
    }
    return {name: value for name, value in data.items() if value}


def _last_set(last: LastSet) -> dict[str, Any]:
    deleted = {"deleted": True} if last.after is None else {}
    return {"run": last.run, "at": last.at, "commit": last.commit, "undo": last.undoes, **deleted}


def details_data(details: DriftDetails) -> dict[str, Any]:
    """Everything that is not about one difference."""
    bases = [
        {
            "workspace": name,
            "revision": base.revision,
            "commit": base.commit,
            "run": base.run or None,
            "fine_now": list(details.fine_now.get(name, ())),
        }
        for name, base in details.compared_with.items()
    ]
    required = {} if details.required_coverage is None else {"required_percent": details.required_coverage}
    coverage = [
        {"workspace": name, "percent": _percent(kinds), **required, "sections": [_section_data(each) for each in kinds]}
        for name, kinds in details.coverage.items()
    ]
    passing = [{"workspace": name, "names": list(names)} for name, names in details.passing.items()]
    data = {"bases": bases, "known": list(map(_known_data, details.known)), "not_confirmed": passing}
    return {name: value for name, value in (data | {"coverage": coverage}).items() if value}


def note_data(plan: Plan, note: Note) -> dict[str, Any]:
    """A note about a workspace, and the line that it is about, if any."""
    place = {"source": _place(note.place)} if note.place else {}
    return {"workspace": plan.workspace, **fact_data(note.fact), "text": words(note.fact), **place}


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.source, "line": place.line, "column": place.column}


def compared_data(plan: Plan) -> dict[str, Any]:
    """What was compared, and how much of it is the same."""
    return {
        "workspace": plan.workspace,
        "api_url": plan.api,
        "runs_as": plan.runs_as,
        "source": plan.source,
        "sections": dict(plan.sections),
        "fingerprint": plan.fingerprint,
        "unchanged": unchanged_data(plan),
    }


def unchanged_data(plan: Plan) -> list[dict[str, Any]]:
    """How many objects are left as they are, and why."""
    return [{"code": why.value, "text": TALLY[why], "count": count} for why, count in plan.tally.items()]


def _known_data(result: KnownResult) -> dict[str, Any]:
    known = result.known
    state = "expired" if result.is_past else "accepted" if result.accepted else "unmatched"
    return {
        "known_as": known.address,
        "until": known.until.isoformat(),
        "reason": known.reason,
        "state": state,
        "workspaces": [*result.accepted, *result.expired],
        **({"workspace": known.workspace} if known.workspace else {}),
        "source": _place(known.place),
    }


def _percent(kinds: tuple[KindCoverage, ...]) -> float | None:
    return None if any(each.unread for each in kinds) else percent_managed(kinds)


def _section_data(each: KindCoverage) -> dict[str, Any]:
    unread = fact_data(each.unread) | {"text": words(each.unread)} if each.unread else None
    counts = {coverage.value: len(each.names(coverage)) for coverage in Coverage}
    others = (coverage for coverage in Coverage if coverage is not Coverage.MANAGED)
    names = {f"{coverage.value}_names": list(each.names(coverage)) for coverage in others}
    return {"section": each.section, "total": len(each.objects), **counts, **names, "unread": unread}
