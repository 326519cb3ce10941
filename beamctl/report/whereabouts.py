"""Text and JSON of `where`: the access of people in all workspaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from beamctl.document.desired import Mode
from beamctl.document.problem import Place
from beamctl.model.text import printable
from beamctl.plan.whereabouts import Declaration, PersonAccess, Way, Whereabouts
from beamctl.report.style import PLAIN, Style, Tone, table

_HEADS = ("workspace", "live", "declared", "where")
STEP = " → "
"""Between the groups through which someone comes in."""


def where_text(people: Sequence[Whereabouts], style: Style = PLAIN) -> str:
    """A table for each person, and where documents name them otherwise."""
    return "\n".join("\n".join(_person(each, style)) + "\n" for each in people)


def _person(found: Whereabouts, style: Style) -> Iterator[str]:
    yield style(Tone.STRONG, printable(found.email))
    rows = [cells for each in found.workspaces for cells in _rows(each)]
    if rows:
        head, *lines = table([_HEADS, *rows], "  ")
        yield style(Tone.FAINT, head)
        yield from lines
    else:
        yield "  no workspace was looked at"
    for each in found.mentions:
        yield f"  also named in {printable(each.inside)}  {_shown(each.place)}"


def _rows(found: PersonAccess) -> Iterator[tuple[str, ...]]:
    """A row for each way in which a document grants access, or one row."""
    ways = found.declared.ways if found.declared else ()
    first = (printable(found.workspace), _live(found), _declared(found))
    places = [_way(each) for each in ways] or [_shown(found.leaver.place) if found.leaver else ""]
    for number, place in enumerate(places):
        yield (*(first if not number else ("", "", "")), place)


def _live(found: PersonAccess) -> str:
    if not found.is_known:
        return "cannot be read"
    if found.live is None:
        return "no access"
    role, source = str(found.live["role"]) or "role not shown", str(found.live["source"])
    through = "" if source in ("", "local", "invitation") else f" through {source.replace('_', ' ')}"
    return printable(f"{role}, {found.live['standing']}{through}")


def _declared(found: PersonAccess) -> str:
    said = _entry(found.declared) if found.declared else "no document"
    if not found.leaver:
        return said
    is_listed = found.declared is not None and found.declared.role
    return f"left {found.leaver.since}" + (f" (listed as {said})" if is_listed else "")


def _entry(declared: Declaration) -> str:
    if declared.role:
        until = f" until {declared.until}" if declared.until else ""
        return printable(f"{declared.role}{until}" + (f", then {declared.then}" if declared.then else ""))
    match declared.mode:
        case None:
            return "not managed"
        case Mode.ADDITIVE:
            return "not listed (additive)"
        case Mode.AUTHORITATIVE:
            return "not listed"


def _way(way: Way) -> str:
    """The full path: each group with the line that names it, and last the line of the person."""
    *groups, person = way
    return STEP.join([*(f"{printable(each.name)} ({_shown(each.place)})" for each in groups), _shown(person.place)])


def _shown(place: Place) -> str:
    return printable(f"{place.source}:{place.line}")


def where_data(people: Sequence[Whereabouts]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [
        {
            "email": each.email,
            "workspaces": [_row_data(row) for row in each.workspaces],
            "mentions": [{"path": one.inside, "source": _place_data(one.place)} for one in each.mentions],
        }
        for each in people
    ]


def _row_data(found: PersonAccess) -> dict[str, Any]:
    declared, leaver = found.declared, found.leaver
    mode = declared.mode if declared else None
    return {
        "workspace": found.workspace,
        "readable": found.is_known,
        "live": dict(found.live) if found.live else None,
        "manage": mode.value if mode else None,
        "declared": {
            "role": declared.role,
            "until": declared.until or None,
            "then": declared.then or None,
            "through": [[{"name": s.name, "source": _place_data(s.place)} for s in way] for way in declared.ways],
        }
        if declared and declared.role
        else None,
        "leaver": {"since": leaver.since.isoformat(), "reason": leaver.reason, "source": _place_data(leaver.place)}
        if leaver
        else None,
    }


def _place_data(place: Place) -> dict[str, Any]:
    return {"file": place.source, "line": place.line, "column": place.column}
